import { type Command, InvalidArgumentError, Option } from 'commander';

import { fields, type Fields } from '../domain/fields.ts';
import { isReservedKey, type RunMetadata, type Texts } from '../domain/run-metadata.ts';
import type { Query } from './client/transport.ts';

/** The flags that note something of what is made. */
export interface MetadataOptions {
  readonly labels?: Texts;
  readonly annotations?: Texts;
}

export const SELECTOR_HELP = 'those with these labels: a=b,c!=d,e in (x,y)';

/** The flag that narrows a list. */
export interface SelectorOptions {
  readonly selector?: string;
}

/** What a list is asked for. */
export function selectorQuery({ selector }: SelectorOptions): Query {
  return selector === undefined ? {} : { labelSelector: selector };
}

/** Adds the flags, which have Velero's names. */
export function withMetadataFlags(command: Command): Command {
  return command
    .addOption(
      new Option('--labels <pairs>', 'labels of it: a=b,c=d').argParser((text) => pairsOf(text)),
    )
    .addOption(
      new Option('--annotations <pairs>', 'annotations of it: a=b,c=d').argParser((text) =>
        pairsOf(text),
      ),
    );
}

/** What flags and a file note together; a flag wins over the file, key by key. */
export function notedBy(options: MetadataOptions, file: RunMetadata = {}): RunMetadata {
  const labels = { ...file.labels, ...options.labels };
  const annotations = { ...file.annotations, ...options.annotations };
  return {
    ...(isEmpty(labels) ? {} : { labels }),
    ...(isEmpty(annotations) ? {} : { annotations }),
  };
}

/**
 * What people noted in the metadata of a file, for its field `noted`; what Velero, Holdfast and kubectl write by
 * themselves is left out.
 */
export function notedIn(metadata: Fields): { readonly noted?: RunMetadata } {
  const noted = notedBy({
    labels: ofPeople(metadata['labels']),
    annotations: ofPeople(metadata['annotations']),
  });
  return isEmpty(noted) ? {} : { noted };
}

/** Whether a key is of a file's people. */
export function isOfPeople(key: string): boolean {
  return !isReservedKey(key) && !key.startsWith('kubectl.kubernetes.io/');
}

/** Values are checked by the API, which names the field. */
function ofPeople(texts: unknown): Texts {
  return Object.fromEntries(
    Object.entries(fields(texts)).filter(([key]) => isOfPeople(key)),
  ) as Texts;
}

function pairsOf(text: string): Texts {
  const pairs = text.split(',').map((pair) => {
    const [key = '', ...rest] = pair.split('=');
    if (key.trim() === '' || rest.length === 0) {
      throw new InvalidArgumentError(`"${pair}" is no pair; write key=value, separated by commas`);
    }
    return [key.trim(), rest.join('=')] as const;
  });
  return Object.fromEntries(pairs);
}

function isEmpty(texts: object): boolean {
  return Object.keys(texts).length === 0;
}
