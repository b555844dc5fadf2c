import { Command, InvalidArgumentError, Option, type ParseOptionsResult } from 'commander';

import { API_VERSIONS, VOLUME_VERIFICATIONS, type BackupSpec } from '../domain/backup.ts';
import { Failure } from '../domain/failure.ts';
import type { Fields } from '../domain/fields.ts';
import { parseLabelSelector } from '../domain/selection/label-selector.ts';
import { parseOrderedResources } from '../domain/selection/ordered-resources.ts';

type Field = keyof BackupSpec;
/** What a flag looks like, what it does, and how its text is read. */
type FlagRow = readonly [flags: string, description: string, parse: (text: string) => unknown];

/** The flags of a selection, named as Velero's, by the field of the spec that they give. */
const FLAGS: Readonly<Partial<Record<Field, FlagRow>>> = {
  includedResources: [
    '--include-resources <names>',
    'types to take, such as deployments.apps, separated by commas; all by default',
    names,
  ],
  excludedResources: ['--exclude-resources <names>', 'types to leave out', names],
  includeClusterResources: [
    '--include-cluster-resources [bool]',
    'take all cluster-scoped objects, or none; by default all with all namespaces, else related ones',
    bool,
  ],
  includedClusterScopedResources: [
    '--include-cluster-scoped-resources <names>',
    'cluster-scoped types to take; this flag and its like do not go with --include-resources and its like',
    names,
  ],
  excludedClusterScopedResources: [
    '--exclude-cluster-scoped-resources <names>',
    'cluster-scoped types to leave out',
    names,
  ],
  includedNamespaceScopedResources: [
    '--include-namespace-scoped-resources <names>',
    'namespaced types to take',
    names,
  ],
  excludedNamespaceScopedResources: [
    '--exclude-namespace-scoped-resources <names>',
    'namespaced types to leave out',
    names,
  ],
  labelSelector: [
    '-l, --selector <selector>',
    'take only objects with these labels: a=b,c!=d,e in (x,y)',
    parseLabelSelector,
  ],
  orLabelSelectors: [
    '--or-selector <selectors>',
    'take objects that match one of these: "a=b or c=d"; not beside --selector',
    orSelectors,
  ],
  orderedResources: [
    '--ordered-resources <order>',
    'objects that come first: "pods=shop/db-0,shop/db-1;persistentvolumes=pv-1"',
    parseOrderedResources,
  ],
  resourcePolicy: [
    '--resource-policies-configmap <name>',
    "the ConfigMap of Holdfast's own namespace that holds resource policies",
    (name) => ({ kind: 'configmap', name }),
  ],
  apiVersions: [
    '--api-versions <versions>',
    'All: take other served versions of a type than the preferred one too',
    oneOf(API_VERSIONS),
  ],
  snapshotVolumes: ['--snapshot-volumes [bool]', 'whether volumes are snapshotted', bool],
  defaultVolumesToFsBackup: [
    '--default-volumes-to-fs-backup [bool]',
    'copy the volumes of pods unless a pod leaves one out',
    bool,
  ],
  volumeVerification: [
    '--volume-verification <how>',
    'Counts: compare copies of volumes by files and bytes alone, and do not read them back',
    oneOf(VOLUME_VERIFICATIONS),
  ],
};

// The keys of the table above.
const FIELDS = Object.keys(FLAGS) as Field[];

/** A command whose flags with an optional value take it after `=` alone, as Velero's do. */
export class FlagCommand extends Command {
  override parseOptions(args: string[]): ParseOptionsResult {
    const end = args.indexOf('--');
    const isBare = (arg: string): boolean =>
      this.options.some(({ optional, long }) => optional && long === arg);
    return super.parseOptions(
      args.map((arg, index) => (isBare(arg) && (end === -1 || index < end) ? `${arg}=true` : arg)),
    );
  }
}

/** Adds the flags that narrow a backup. */
export function withSelectionFlags(command: Command): Command {
  for (const option of selectionFlags(FIELDS)) {
    command.addOption(option);
  }
  return command;
}

/** The fields of a spec that the flags of a backup give. */
export function selectionOf(options: Fields): Fields {
  return optionsOf(FIELDS, options);
}

/** The flags that give some fields. */
export function selectionFlags(fields: readonly Field[]): Option[] {
  return rowsOf(fields).map(([, [flags, description, parse]]) => {
    return new Option(flags, description).argParser((text) => read(parse, text));
  });
}

/** What the flags of some fields give. */
export function optionsOf(fields: readonly Field[], options: Fields): Fields {
  const given = rowsOf(fields).map(([field, [flags]]) => {
    return [field, options[new Option(flags).attributeName()]] as const;
  });
  return Object.fromEntries(given.filter(([, value]) => value !== undefined));
}

function rowsOf(fields: readonly Field[]): (readonly [Field, FlagRow])[] {
  return fields.flatMap((field) => {
    const row = FLAGS[field];
    return row === undefined ? [] : [[field, row] as const];
  });
}

/** Names with commas between them. */
export function names(text: string): string[] {
  return text.split(',').map((name) => name.trim());
}

/** What is wrong with the value of a flag is told as a wrong flag. */
export function read<Value>(parse: (text: string) => Value, text: string): Value {
  try {
    return parse(text);
  } catch (error) {
    throw error instanceof Failure ? new InvalidArgumentError(error.message) : error;
  }
}

function orSelectors(text: string) {
  return text.split(/\s+or\s+/).map(parseLabelSelector);
}

/** Takes one of some words, in any case. */
function oneOf(words: readonly string[]): (text: string) => string {
  return (text) => {
    const known = words.find((one) => one.toLowerCase() === text.toLowerCase());
    if (known === undefined) {
      throw new InvalidArgumentError(`it must be ${words.join(' or ')}`);
    }
    return known;
  };
}

/** Go's words for the two. */
export function bool(text: string): boolean {
  const isTrue = /^(1|t|true)$/i.test(text);
  if (!isTrue && !/^(0|f|false)$/i.test(text)) {
    throw new InvalidArgumentError('it must be true or false');
  }
  return isTrue;
}
