import { parseAllDocuments } from 'yaml';

import { rendered } from './helm.ts';

/** An object that the chart makes, as far as tests look at it. */
export interface Document {
  readonly kind: string;
  readonly metadata: {
    readonly name: string;
    readonly annotations?: Readonly<Record<string, string>>;
    readonly labels?: Readonly<Record<string, string>>;
  };
  readonly data?: Readonly<Record<string, string>>;
  readonly spec?: {
    readonly replicas?: number;
    readonly selector?: { readonly matchLabels: Readonly<Record<string, string>> };
    readonly template?: {
      readonly metadata: { readonly labels: Readonly<Record<string, string>> };
      readonly spec: PodSpec;
    };
  };
}

/** Pods that it makes. */
export interface PodSpec {
  readonly serviceAccountName?: string;
  readonly terminationGracePeriodSeconds?: number;
  readonly securityContext?: object;
  readonly containers: readonly {
    readonly image: string;
    readonly securityContext: object;
    readonly ports?: readonly { readonly name: string }[];
    readonly env?: readonly { readonly name: string; readonly value?: string }[];
    readonly envFrom?: readonly object[];
  }[];
}

/** The objects of the release `holdfast` with values, which are written as `--set-json` takes them. */
export async function documents(...values: string[]): Promise<Document[]> {
  return documentsOf(await rendered(...values));
}

/** The objects in what helm prints. */
export function documentsOf(text: string): Document[] {
  return parseAllDocuments(text)
    .filter(({ contents }) => contents !== null)
    .map((document) => document.toJS() as Document);
}
