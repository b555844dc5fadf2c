import { groupResource, type ItemReference } from './item.ts';

/**
 * The only place that builds a key of the storage location. Keys are relative to the location's prefix.
 * The layout is Velero's (its pkg/persistence/object_store_layout.go); docs/format.md shows it as a tree.
 */
export const BACKUPS_PREFIX = 'backups/';
export const RESTORES_PREFIX = 'restores/';
/** Where checks of the location write, each in a folder of its own. */
export const CHECK_PREFIX = 'metadata/holdfast/check/';
export const SCHEDULES_PREFIX = 'metadata/holdfast/schedules/';
export const TOMBSTONES_PREFIX = 'metadata/holdfast/tombstones/';
/** The file that says whose a location is. */
export const OWNER_KEY = 'metadata/holdfast/owner.json';

/** The file of a schedule. */
export function scheduleKey(name: string): string {
  return `${SCHEDULES_PREFIX}${name}.json`;
}

/** The file that says that the deletion of a backup has begun. */
export function tombstoneKey(name: string): string {
  return `${TOMBSTONES_PREFIX}${name}.json`;
}

/** One attempt to write one shard. Attempts never share a key. */
export interface ShardAttempt {
  readonly runUid: string;
  readonly shard: number;
  /** Random text, fresh for each attempt. */
  readonly attempt: string;
}

export function backupFolder(name: string): string {
  return `${BACKUPS_PREFIX}${name}/`;
}

export function restoreFolder(name: string): string {
  return `${RESTORES_PREFIX}${name}/`;
}

/** The folder of a run. */
export function runFolder({
  kind,
  name,
}: {
  readonly kind: 'Backup' | 'Restore';
  readonly name: string;
}): string {
  return kind === 'Backup' ? backupFolder(name) : restoreFolder(name);
}

/** The files of a finished backup. */
export function backupKeys(name: string) {
  const folder = backupFolder(name);
  return {
    folder,
    claim: `${folder}holdfast.json`,
    record: `${folder}velero-backup.json`,
    archive: `${folder}${name}.tar.gz`,
    index: `${folder}${name}-index.json.gz`,
    coverage: `${folder}${name}-coverage.json.gz`,
    logs: `${folder}${name}-logs.gz`,
    runLog: runLogKey(folder, name),
    resourceList: `${folder}${name}-resource-list.json.gz`,
    results: `${folder}${name}-results.gz`,
    volumeInfo: `${folder}${name}-volumeinfo.json.gz`,
    volumeSnapshots: `${folder}${name}-volumesnapshots.json.gz`,
    volumes: `${folder}${name}-volumes.json.gz`,
    hooks: `${folder}${name}-hooks.json.gz`,
    podVolumeBackups: `${folder}${name}-podvolumebackups.json.gz`,
    itemOperations: `${folder}${name}-itemoperations.json.gz`,
  } as const;
}

const KEPT = /^backups\/[^/]+\/(?!work\/|holdfast\.json$)/;

/** Whether a key is of what a backup keeps for good: not the claim, which changes, nor what a run needs while it is under way. */
export function isKeptKey(key: string): boolean {
  return KEPT.test(key);
}

/** The files of a finished restore. */
export function restoreKeys(name: string) {
  const folder = restoreFolder(name);
  return {
    folder,
    claim: `${folder}holdfast.json`,
    items: `${folder}${name}-items.json.gz`,
    volumes: `${folder}${name}-volumes.json.gz`,
    hooks: `${folder}${name}-hooks.json.gz`,
    logs: `${folder}restore-${name}-logs.gz`,
    runLog: runLogKey(folder, name),
    itemOperations: `${folder}restore-${name}-itemoperations.json.gz`,
    resourceList: `${folder}restore-${name}-resource-list.json.gz`,
    results: `${folder}restore-${name}-results.gz`,
  } as const;
}

/** The files that one check of the location writes and removes; `id` is fresh for each. */
export function locationCheckKeys(id: string) {
  const folder = `${CHECK_PREFIX}${id}/`;
  return {
    folder,
    plain: `${folder}files/plain`,
    removed: `${folder}removed`,
    large: `${folder}large`,
    copy: `${folder}copy`,
    begun: `${folder}begun`,
    isNew: `${folder}is-new`,
    version: `${folder}version`,
    configured: `${folder}checksums-configured`,
    sdkDefault: `${folder}checksums-default`,
  } as const;
}

/** Whether a key is of a check of the location. */
export function isCheckKey(key: string): boolean {
  return key.startsWith(CHECK_PREFIX);
}

/** What the folder of a restore has besides, where it has deleted objects to make them anew. */
export const REPLACED_FOLDER = 'replaced';

/** Folder of an item as it was each time that a restore deleted it to make it anew; kept with the restore. */
export function replacedFolder(name: string, item: ItemReference): string {
  const namespace = item.namespace === '' ? '_cluster' : item.namespace;
  const type = groupResource(item);
  return `${restoreFolder(name)}${REPLACED_FOLDER}/${type}/${namespace}/${encodeURIComponent(item.name)}/`;
}

/** An object of the cluster as it was before a restore deleted it; of one uid there is one. */
export function replacedObjectKey(name: string, item: ItemReference, uid: string): string {
  return `${replacedFolder(name, item)}${uid}.json.gz`;
}

/** Folder of everything that a run keeps while it is under way; removed at its end. */
export function workFolder(runFolder: string, runUid: string): string {
  return `${runFolder}work/${runUid}/`;
}

export function planKey(runFolder: string, runUid: string): string {
  return `${workFolder(runFolder, runUid)}plan.json.gz`;
}

/** One part of a run's volumes. */
export interface VolumeBatchKey {
  readonly runUid: string;
  readonly batch: number;
}

/** Where the lines of a run's log are while it is under way. */
export function runLogPrefix(runFolder: string, runUid: string): string {
  return `${workFolder(runFolder, runUid)}log/`;
}

/** Some lines that one process has told: the time of the first, and how many; keys of one log are in the order of these times. */
export interface RunLogPart {
  /** Milliseconds since 1970. */
  readonly timeMs: number;
  readonly lines: number;
}

export function runLogPartKey(
  runFolder: string,
  { runUid, attempt, timeMs, lines }: RunLogPart & Omit<ShardAttempt, 'shard'>,
): string {
  const time = String(timeMs).padStart(15, '0');
  return `${runLogPrefix(runFolder, runUid)}${time}-${String(lines)}.${attempt}.json.gz`;
}

/** What lies under a key; undefined for any other key. */
export function parseRunLogPartKey(key: string): RunLogPart | undefined {
  const [, time, lines] = /\/(\d{15})-(\d+)\.[^/.]+\.json\.gz$/.exec(key) ?? [];
  return time === undefined ? undefined : { timeMs: Number(time), lines: Number(lines) };
}

function runLogKey(folder: string, name: string): string {
  return `${folder}${name}-run-log.json.gz`;
}

/** The volumes of a batch, as they were planned. */
export function volumeBatchKey(runFolder: string, { runUid, batch }: VolumeBatchKey): string {
  return `${workFolder(runFolder, runUid)}volumes/${String(batch)}-plan.json.gz`;
}

/** What became of the volumes of a batch. */
export function volumeEndsKey(runFolder: string, { runUid, batch }: VolumeBatchKey): string {
  return `${workFolder(runFolder, runUid)}volumes/${String(batch)}-ends.json.gz`;
}

/** Where the files of the hooks of a run are, while it is under way. */
export function hookRunsPrefix(runFolder: string, runUid: string): string {
  return `${workFolder(runFolder, runUid)}hooks/`;
}

/** The restored pods of a batch that have hooks. */
export function hookPodsKey(runFolder: string, { runUid, batch }: VolumeBatchKey): string {
  return `${hookRunsPrefix(runFolder, runUid)}${String(batch)}-pods.json.gz`;
}

/** How far the hooks of a restored pod are, by its number in its batch. */
export function podHooksKey(
  runFolder: string,
  { runUid, batch, pod }: VolumeBatchKey & { readonly pod: number },
): string {
  return `${hookRunsPrefix(runFolder, runUid)}${String(batch)}.${String(pod)}-report.json.gz`;
}

/** What became of the hooks of the pods of a batch. */
export function hookEndsKey(runFolder: string, { runUid, batch }: VolumeBatchKey): string {
  return `${hookRunsPrefix(runFolder, runUid)}${String(batch)}-ends.json.gz`;
}

/** The pod that took the place of one with hooks, by its number in its batch, as its hooks were planned again. */
export function replacedPodKey(
  runFolder: string,
  { runUid, batch, pod }: VolumeBatchKey & { readonly pod: number },
): string {
  return `${hookRunsPrefix(runFolder, runUid)}${String(batch)}.${String(pod)}-again.json.gz`;
}

/** How the hooks of a pod ended, by its number in its batch, in one attempt to run them. */
export function hookRunsKey(
  runFolder: string,
  runs: VolumeBatchKey & { readonly pod: number; readonly phase: string; readonly attempt: string },
): string {
  const { runUid, batch, pod, phase, attempt } = runs;
  const file = `${String(batch)}.${String(pod)}-${phase}.${attempt}.json.gz`;
  return `${hookRunsPrefix(runFolder, runUid)}${file}`;
}

/** Claims whose data a restore could not write, so that nothing that mounts them is restored. */
export function failedClaimsKey(runFolder: string, runUid: string): string {
  return `${workFolder(runFolder, runUid)}volumes/failed-claims.json.gz`;
}

/** Volumes whose data a restore leaves alone, since it has not made them. */
export function leftVolumesKey(runFolder: string, runUid: string, stage: string): string {
  return `${workFolder(runFolder, runUid)}volumes/left-${stage}.json.gz`;
}

/** What one attempt to copy a volume, or to write it, has done. */
export function volumeCopyKey(
  runFolder: string,
  { runUid, volume, attempt }: Omit<ShardAttempt, 'shard'> & { readonly volume: number },
): string {
  return `${workFolder(runFolder, runUid)}volumes/${String(volume)}.${attempt}-copy.json.gz`;
}

/** Where the files of the calls of plugins of a run are, while it is under way. */
export function pluginsPrefix(runFolder: string, runUid: string): string {
  return `${workFolder(runFolder, runUid)}plugins/`;
}

/** The key of a run, with which plugins seal what holds values of objects. */
export function pluginReplyKey(runFolder: string, runUid: string): string {
  return `${pluginsPrefix(runFolder, runUid)}reply-key.json.gz`;
}

/** What is to be known of the items that plugins added to a restore, beside the shards of these. */
export function pluginAddedKey(runFolder: string, { runUid, attempt }: PluginPartKey): string {
  return `${pluginsPrefix(runFolder, runUid)}${attempt}-added.json.gz`;
}

/** What one attempt has planned: a round of calls, or batches of operations. */
export interface PluginPartKey {
  readonly runUid: string;
  readonly attempt: string;
}

/** Which calls of a round are about which items. */
export function pluginIndexKey(runFolder: string, { runUid, attempt }: PluginPartKey): string {
  return `${pluginsPrefix(runFolder, runUid)}${attempt}-index.json.gz`;
}

export function pluginCallKey(
  runFolder: string,
  { runUid, attempt, call }: PluginPartKey & { readonly call: number },
): string {
  return `${pluginsPrefix(runFolder, runUid)}${attempt}/${String(call)}-call.json.gz`;
}

/** What a call came to. */
export function pluginAnswerKey(
  runFolder: string,
  { runUid, attempt, call }: PluginPartKey & { readonly call: number },
): string {
  return `${pluginsPrefix(runFolder, runUid)}${attempt}/${String(call)}-answer.json.gz`;
}

/** Operations of one plugin that are asked about together. */
export function operationBatchKey(
  runFolder: string,
  { runUid, attempt, batch }: PluginPartKey & { readonly batch: number },
): string {
  return `${pluginsPrefix(runFolder, runUid)}${attempt}/${String(batch)}-operations.json.gz`;
}

/** What became of the operations of a batch. */
export function operationEndsKey(
  runFolder: string,
  { runUid, attempt, batch }: PluginPartKey & { readonly batch: number },
): string {
  return `${pluginsPrefix(runFolder, runUid)}${attempt}/${String(batch)}-ends.json.gz`;
}

/** The call whose plan lies under a key; undefined for any other key. */
export function parsePluginCallKey(
  key: string,
): { readonly attempt: string; readonly call: number } | undefined {
  const [, attempt, call] = /\/plugins\/([^/]+)\/(\d+)-call\.json\.gz$/.exec(key) ?? [];
  return attempt === undefined || call === undefined ? undefined : { attempt, call: Number(call) };
}

/** The rules that a restore was opened with. */
export function restoreRulesKey(runFolder: string, runUid: string): string {
  return `${workFolder(runFolder, runUid)}rules.json.gz`;
}

export function shardArchiveKey(runFolder: string, attempt: ShardAttempt): string {
  return `${shardStem(runFolder, attempt)}.tar.gz`;
}

export function shardIndexKey(runFolder: string, attempt: ShardAttempt): string {
  return `${shardStem(runFolder, attempt)}-index.json.gz`;
}

/** What a shard of a backup noted beside its objects. */
export function shardNotesKey(runFolder: string, attempt: ShardAttempt): string {
  return `${shardStem(runFolder, attempt)}-notes.json.gz`;
}

/** The items that one shard of a restore applies, as index lines. */
export function shardItemsKey(runFolder: string, attempt: ShardAttempt): string {
  return `${shardStem(runFolder, attempt)}-items.json.gz`;
}

/** What became of the items of one shard of a restore. */
export function shardOutcomesKey(runFolder: string, attempt: ShardAttempt): string {
  return `${shardStem(runFolder, attempt)}-outcomes.json.gz`;
}

/** What the report has to say of the owners of a shard's items. */
export function relinkNotesKey(
  runFolder: string,
  { runUid, shard, attempt }: ShardAttempt,
): string {
  return `${workFolder(runFolder, runUid)}${String(shard)}.${attempt}-owners.json.gz`;
}

/** Says that a run has created a Job that goes away by itself; the object is empty. */
export function madeJobKey(
  { name, runUid }: { readonly name: string; readonly runUid: string },
  item: Pick<ItemReference, 'namespace' | 'name'>,
): string {
  return `${workFolder(restoreFolder(name), runUid)}jobs/${item.namespace}/${item.name}`;
}

/** The attempt whose outcomes lie under a key; undefined for any other key. */
export function parseShardOutcomesKey(key: string): ShardPart | undefined {
  return parseShardKey(/\/(\d+)\.([^/.]+)-outcomes\.json\.gz$/, key);
}

/** The plan that the items under a key belong to; undefined for any other key. */
export function parseShardItemsKey(key: string): ShardPart | undefined {
  return parseShardKey(/\/(\d+)\.([^/.]+)-items\.json\.gz$/, key);
}

type ShardPart = Pick<ShardAttempt, 'shard' | 'attempt'>;

function parseShardKey(pattern: RegExp, key: string): ShardPart | undefined {
  const [, shard, attempt] = pattern.exec(key) ?? [];
  return shard === undefined || attempt === undefined
    ? undefined
    : { shard: Number(shard), attempt };
}

function shardStem(runFolder: string, { runUid, shard, attempt }: ShardAttempt): string {
  return `${workFolder(runFolder, runUid)}${String(shard).padStart(4, '0')}.${attempt}`;
}
