import type { FieldError } from './failure.ts';
import { memberPointer } from './json-pointer.ts';
import { fieldError } from './selection/field-errors.ts';
import { labelKeyFault, labelValueFault } from './selection/label-syntax.ts';

/** Names to values. */
export type Texts = Readonly<Record<string, string>>;

/** What people note of a run. It is part of the request, and so of what tells two requests apart. */
export interface RunMetadata {
  readonly labels?: Texts;
  readonly annotations?: Texts;
}

/** How the run that a request makes is called: by its name, or by one that begins so. */
export interface NewRunMetadata extends RunMetadata {
  readonly name?: string;
  readonly generateName?: string;
}

/** Keys that say what Holdfast and Velero know. */
const RESERVED = /^(?:[a-z0-9.-]+\.)?(?:velero\.io|holdfast\.dev)\//;

/** Whether a key is set by Holdfast and Velero alone. */
export function isReservedKey(key: string): boolean {
  return RESERVED.test(key);
}

/** The noted part of the metadata of a request, so that equal requests are equal; nothing where nothing is noted. */
export function notedMetadata({ labels = {}, annotations = {} }: RunMetadata): {
  readonly metadata?: RunMetadata;
} {
  const noted = {
    ...(isEmpty(labels) ? {} : { labels }),
    ...(isEmpty(annotations) ? {} : { annotations }),
  };
  return isEmpty(noted) ? {} : { metadata: noted };
}

/** All that is wrong with the metadata of a request. */
export function metadataErrors(metadata: NewRunMetadata): FieldError[] {
  const { labels = {}, annotations = {} } = metadata;
  const ofLabels = Object.entries(labels).flatMap(([key, value]) =>
    faultsAt('/metadata/labels', key, [labelValueFault(value)]),
  );
  const ofAnnotations = Object.keys(annotations).flatMap((key) =>
    faultsAt('/metadata/annotations', key, []),
  );
  return [...nameErrors(metadata), ...ofLabels, ...ofAnnotations];
}

function nameErrors({ name, generateName }: NewRunMetadata): FieldError[] {
  if (name === undefined && generateName === undefined) {
    return [fieldError('/metadata/name', 'is missing; give it, or /metadata/generateName')];
  }
  return name === undefined || generateName === undefined
    ? []
    : [fieldError('/metadata/generateName', 'is one too many beside /metadata/name')];
}

function faultsAt(pointer: string, key: string, more: (string | undefined)[]): FieldError[] {
  const reserved = isReservedKey(key) ? 'is set by Holdfast alone; leave it out' : undefined;
  return [labelKeyFault(key), reserved, ...more]
    .filter((fault) => fault !== undefined)
    .map((fault) => fieldError(memberPointer(pointer, key), fault));
}

function isEmpty(fields: object): boolean {
  return Object.keys(fields).length === 0;
}
