import type { Static } from 'typebox';
import { expectTypeOf, test } from 'vitest';

import type { Status } from '../../../api/schemas/status.ts';
import type { ServerStatus } from '../../../domain/server-status.ts';

// Goal: the wire knows every field of the status, and no other. Method: the compiler compares the types.

type Wire = Static<typeof Status>;

test('the schema of the status has the fields of the domain', () => {
  expectTypeOf<keyof Wire>().toEqualTypeOf<keyof ServerStatus>();
  expectTypeOf<keyof Wire['temporal']>().toEqualTypeOf<keyof ServerStatus['temporal']>();
  expectTypeOf<keyof Wire['taskQueues'][0]>().toEqualTypeOf<keyof ServerStatus['taskQueues'][0]>();
  expectTypeOf<keyof Wire['locations'][0]>().toEqualTypeOf<keyof ServerStatus['locations'][0]>();
});
