import { fields, isMapping, list, type Fields } from '../../../domain/fields.ts';
import type { SnapshotFacts, VolumeLabels } from '../../../domain/volumes/volume-copy.ts';
import type { EngineRun, SnapshotQuery, StoredSnapshot } from '../port.ts';
import type { ResticConfig } from './config.ts';
import { engineFailure, resticFailure } from './failures.ts';
import { numberOf } from './messages.ts';
import { runRestic } from './run-restic.ts';

const SNAPSHOT_ID = /^[0-9a-f]{64}$/;
const MISSING_REPOSITORY = 10;

/** Lists snapshots, oldest first; undefined when there is no repository. Takes no lock. */
export async function listSnapshots(
  config: ResticConfig,
  { repository, clusterUid, volumeUid }: SnapshotQuery,
  run: EngineRun,
): Promise<StoredSnapshot[] | undefined> {
  const args = ['snapshots', '--no-lock', '--host', clusterUid];
  if (volumeUid !== undefined) {
    args.push('--tag', tag('pvcuid', volumeUid));
  }
  const answers = [MISSING_REPOSITORY];
  const end = await runRestic(config, { repository, run, phase: 'Opening', args, answers });
  if (end.code === MISSING_REPOSITORY) {
    return undefined;
  }
  if (end.code !== 0 || end.givenUp !== undefined) {
    throw await resticFailure(end, repository);
  }
  return list(end.output.document)
    .filter(isMapping)
    .map((entry) => snapshotOf(entry, repository.path))
    .sort((left, right) => startOf(left) - startOf(right));
}

/** The tags of a snapshot. */
export function tagsOf(labels: VolumeLabels): string {
  return [
    tag('ns', labels.namespace),
    tag('pvc', labels.volume),
    tag('pvcuid', labels.volumeUid),
    tag('run', labels.runUid),
    tag('backup', labels.backup),
    tag('part', String(labels.part)),
    tag('epoch', labels.epoch),
  ].join(',');
}

/** Numbers of a snapshot, from the summary of a backup or of a listing. */
export function snapshotFacts(id: unknown, summary: Fields, path: string): SnapshotFacts {
  if (typeof id !== 'string' || !SNAPSHOT_ID.test(id)) {
    throw engineFailure('engine-failed', path, new Error('restic named no snapshot'));
  }
  const startedAt = summary['backup_start'];
  return {
    snapshotId: id,
    startedAt: typeof startedAt === 'string' ? startedAt : '',
    files: numberOf(summary, 'total_files_processed'),
    bytes: numberOf(summary, 'total_bytes_processed'),
    filesChanged: numberOf(summary, 'files_new') + numberOf(summary, 'files_changed'),
    blobsAdded: numberOf(summary, 'data_blobs') + numberOf(summary, 'tree_blobs'),
    addedBytes: numberOf(summary, 'data_added'),
    storedBytes: numberOf(summary, 'data_added_packed'),
  };
}

function snapshotOf(entry: Fields, path: string): StoredSnapshot {
  const tags = list(entry['tags']).filter((word) => typeof word === 'string');
  const facts = snapshotFacts(entry['id'], fields(entry['summary']), path);
  const time = entry['time'];
  return {
    facts: { ...facts, startedAt: typeof time === 'string' ? time : facts.startedAt },
    labels: Object.fromEntries(tags.map((word) => split(word))),
  };
}

function startOf({ facts }: StoredSnapshot): number {
  return Date.parse(facts.startedAt);
}

function split(word: string): [string, string] {
  const at = word.indexOf('=');
  return at < 0 ? [word, ''] : [word.slice(0, at), word.slice(at + 1)];
}

function tag(name: string, value: string): string {
  return `${name}=${value}`;
}
