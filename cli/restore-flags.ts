import { type Command, InvalidArgumentError, Option } from 'commander';

import type { CreateRestoreRequest } from '../domain/api-resource.ts';
import { EXISTING_POLICIES, type ExistingResourcePolicy } from '../domain/restore.ts';
import { bool, names, optionsOf, selectionFlags } from './selection-flags.ts';

type Spec = CreateRestoreRequest['spec'];

/** Fields that backups and restores have in common. */
const COMMON = [
  ...(['includedResources', 'excludedResources', 'includeClusterResources'] as const),
  ...(['labelSelector', 'orLabelSelectors'] as const),
];
const TIME_SUFFIX = /-\d{14}$/;
/** Characters of an RFC 3339 time up to its second. */
const SECONDS_LENGTH = 'YYYY-MM-DDThh:mm:ss'.length;

/** What the flags of a restore give. */
export interface RestoreOptions {
  readonly file?: string;
  readonly location?: string;
  readonly fromBackup?: string;
  readonly fromSchedule?: string;
  readonly allowPartiallyFailed?: boolean;
  readonly retryOf?: string;
  readonly planDigest?: string;
  readonly namespaceMappings?: Spec['namespaceMapping'];
  readonly storageClassMappings?: Spec['storageClassMapping'];
  readonly imageMappings?: Spec['imageMapping'];
  readonly statusIncludeResources?: readonly string[];
  readonly statusExcludeResources?: readonly string[];
  readonly preserveNodeports?: boolean;
  readonly resourcePriorities?: string;
  readonly existingResourcePolicy?: ExistingResourcePolicy;
  readonly resourceTimeout?: string;
  readonly itemOperationTimeout?: string;
  readonly resourceModifierConfigmap?: string;
}

/** What a restore changes. */
const RULE_OPTIONS: readonly (() => Option)[] = [
  () =>
    new Option(
      '--storage-class-mappings <from:to,...>',
      'storage classes that stand for those of the backup',
    ).argParser((text) => mappings(text, ':')),
  () =>
    new Option(
      '--image-mappings <from=to,...>',
      'parts of names of images, and what stands there instead',
    ).argParser((text) => mappings(text, '=')),
  () =>
    new Option(
      '--status-include-resources <names>',
      'types whose status is restored too; "*" for all',
    ).argParser(names),
  () =>
    new Option(
      '--status-exclude-resources <names>',
      'types whose status is not restored, beside those above',
    ).argParser(names),
  () =>
    new Option('--preserve-nodeports [bool]', 'let services keep all their node ports').argParser(
      bool,
    ),
];

/** Adds the flags that only a restore has, and those that narrow it. */
export function restoreFlags(command: Command): Command {
  for (const option of selectionFlags(COMMON)) {
    command.addOption(option);
  }
  for (const option of RULE_OPTIONS) {
    command.addOption(option());
  }
  return command
    .option('-f, --file <path>', 'a Restore of Velero as YAML or JSON; "-" reads standard input')
    .option('--from-backup <name>', 'the backup to restore')
    .option('--from-schedule <name>', 'restore the newest Completed backup of a schedule')
    .option(
      '--allow-partially-failed',
      'with --from-schedule: a PartiallyFailed backup will do, if it is the newest',
    )
    .option('--retry-of <name>', 'restore what an ended restore failed at or did not reach')
    .addOption(
      new Option(
        '--namespace-mappings <from:to,...>',
        'restore namespaces under other names',
      ).argParser((text) => mappings(text, ':')),
    )
    .option(
      '--resource-priorities <types>',
      'types that come first, separated by commas, and after "-" those that come last',
    )
    .addOption(
      new Option(
        '--existing-resource-policy <policy>',
        'what becomes of an object that is there and differs',
      ).choices(EXISTING_POLICIES),
    )
    .option('--resource-timeout <duration>', 'how long to wait for one thing, 10m0s by default')
    .option(
      '--item-operation-timeout <duration>',
      'how long operations of plugins are waited for, 4h by default',
    )
    .option('--plan-digest <digest>', 'do nothing unless it is what the plan of this digest says')
    .option(
      '--resource-modifier-configmap <name>',
      "the ConfigMap of Holdfast's own namespace that holds resource modifiers",
    );
}

/** The fields of a spec that the flags give. */
export function restoreSpecOf(options: RestoreOptions): Spec {
  const { resourceModifierConfigmap: name } = options;
  const fields = {
    ...sourceOf(options),
    namespaceMapping: options.namespaceMappings,
    restoreResourcePriorities: options.resourcePriorities,
    existingResourcePolicy: options.existingResourcePolicy,
    resourceTimeout: options.resourceTimeout,
    itemOperationTimeout: options.itemOperationTimeout,
    planDigest: options.planDigest,
    resourceModifier: name === undefined ? undefined : { kind: 'configmap', name },
  };
  const given = Object.entries(fields).filter(([, value]) => value !== undefined);
  return {
    ...Object.fromEntries(given),
    ...rulesOf(options),
    ...optionsOf(COMMON, { ...options }),
  };
}

function rulesOf({
  storageClassMappings: storageClassMapping,
  imageMappings: imageMapping,
  statusIncludeResources: includedResources,
  statusExcludeResources: excludedResources,
  preserveNodeports: preserveNodePorts,
}: RestoreOptions): Partial<Spec> {
  const restoreStatus = {
    ...(includedResources === undefined ? {} : { includedResources }),
    ...(excludedResources === undefined ? {} : { excludedResources }),
  };
  return {
    ...(storageClassMapping === undefined ? {} : { storageClassMapping }),
    ...(imageMapping === undefined ? {} : { imageMapping }),
    ...(Object.keys(restoreStatus).length === 0 ? {} : { restoreStatus }),
    ...(preserveNodePorts === undefined ? {} : { preserveNodePorts }),
  };
}

function sourceOf({ fromBackup, fromSchedule, allowPartiallyFailed, retryOf }: RestoreOptions) {
  return { backupName: fromBackup, scheduleName: fromSchedule, allowPartiallyFailed, retryOf };
}

/** The name of a restore that was given none: that of what it restores, or tries again, and the time in UTC. */
export function restoreNameOf(spec: Spec, nowMs: number): string {
  const { backupName, scheduleName, retryOf } = spec;
  const source = backupName ?? scheduleName ?? retryOf?.replace(TIME_SUFFIX, '') ?? '';
  const time = new Date(nowMs).toISOString().slice(0, SECONDS_LENGTH);
  return `${source}-${time.replaceAll(/\D/g, '')}`;
}

function mappings(text: string, separator: ':' | '='): Record<string, string> {
  const pairs = text.split(',').map((pair) => pair.split(separator));
  if (pairs.some((pair) => pair.length !== 2 || pair.includes(''))) {
    const example = `old${separator}new`;
    throw new InvalidArgumentError(`it must be pairs such as ${example}, separated by commas`);
  }
  return Object.fromEntries(pairs.map(([from = '', to = '']) => [from, to]));
}
