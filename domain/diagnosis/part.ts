import type { FailureReport } from '../failure.ts';

/** What a part of an installation answered, or why it did not. */
export type Part<Value> = { readonly value: Value } | { readonly failure: FailureReport };
