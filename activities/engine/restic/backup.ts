import { join } from 'node:path';
import { readlink } from 'node:fs/promises';

import { fields } from '../../../domain/fields.ts';
import type { ParentFacts, VolumeCopy, VolumeLabels } from '../../../domain/volumes/volume-copy.ts';
import { endLeftovers } from '../leftovers.ts';
import { holdsAnything } from '../open-root.ts';
import type { BackupRequest, EngineRun, StoredSnapshot } from '../port.ts';
import { readRootAttributes } from '../root-attributes.ts';
import type { ResticConfig } from './config.ts';
import { resticFailure } from './failures.ts';
import { runLocking } from './run-restic.ts';
import { listSnapshots, snapshotFacts, tagsOf } from './snapshots.ts';

/** The exit code of a backup that could not read everything, and has a snapshot of the rest. */
const INCOMPLETE = 3;
const NO_ERRORS = { errorCount: 0, errors: [] };

/** What a backup needs of its engine. */
export interface BackupTools {
  readonly config: ResticConfig;
  readonly version: () => Promise<string>;
  readonly initialise: (request: BackupRequest, run: EngineRun) => Promise<void>;
}

/** See `VolumeEngine.backup`: one call of restic looks at what is there, another one copies. */
export async function backupVolume(
  tools: BackupTools,
  request: BackupRequest,
  run: EngineRun,
): Promise<VolumeCopy> {
  const { repository, labels } = request;
  const version = await tools.version();
  await endLeftovers(run.key, run.signal);
  const known = await listSnapshots(tools.config, { repository, ...labels }, run);
  const root = await readRootAttributes(request.root);
  const engine = { kind: 'restic', version };
  const mine = known?.findLast((snapshot) => isOf(snapshot, labels));
  // What this run saved of the volume before it moved is void, and nothing to compare with.
  const before = known?.findLast(({ labels: { run: runOf } }) => runOf !== labels.runUid);
  const parent = before === undefined ? {} : { parent: parentFacts(before) };
  if (mine !== undefined) {
    const outcome = 'Complete';
    return {
      outcome,
      snapshot: mine.facts,
      ...parent,
      isAdopted: true,
      root,
      engine,
      ...NO_ERRORS,
    };
  }
  if (!(await holdsAnything(request.root))) {
    return { outcome: 'Empty', ...parent, root };
  }
  if (known === undefined) {
    await tools.initialise(request, run);
  }
  const { snapshot, errors } = await copy(tools.config, { request, run, parent: before });
  const outcome = errors.errorCount > 0 ? 'Incomplete' : 'Complete';
  return { outcome, snapshot, ...parent, isAdopted: false, root, engine, ...errors };
}

async function copy(
  config: ResticConfig,
  what: { request: BackupRequest; run: EngineRun; parent: StoredSnapshot | undefined },
) {
  const { request, run, parent } = what;
  const { repository, labels, root } = request;
  const path = await readlink(root.pinnedPath);
  const args = [
    ...['backup', '.', '--one-file-system', '--host', labels.clusterUid],
    ...['--tag', tagsOf(labels)],
    ...(parent === undefined ? ['--force'] : ['--parent', parent.facts.snapshotId]),
    ...root.leftOut.flatMap((name) => ['--exclude', escapePattern(join(path, name))]),
  ];
  const phase = 'Copying';
  const end = await runLocking(config, { repository, run, phase, args, cwd: root.pinnedPath });
  const isSaved = end.code === 0 || end.code === INCOMPLETE;
  if (!isSaved || end.givenUp !== undefined) {
    throw await resticFailure(end, repository);
  }
  const summary = fields(end.output.summary);
  const snapshot = snapshotFacts(summary['snapshot_id'], summary, repository.path);
  const { errorCount, errors } = end.output.itemErrors;
  const isWhole = end.code === 0;
  return {
    snapshot,
    errors: {
      // Exit code 3 without an error that names an item is an error all the same.
      errorCount: isWhole ? 0 : Math.max(1, errorCount),
      errors: isWhole ? [] : errors.map((error) => ({ ...error, path: below(error.path, path) })),
    },
  };
}

/** Whether an earlier attempt at the same copy, under the same lease, made the snapshot. */
function isOf(snapshot: StoredSnapshot, { runUid, part, epoch }: VolumeLabels): boolean {
  const { run, part: partText, epoch: epochOfTag } = snapshot.labels;
  return run === runUid && partText === String(part) && epochOfTag === epoch;
}

function parentFacts({ facts: { snapshotId, files, bytes } }: StoredSnapshot): ParentFacts {
  return { snapshotId, files, bytes };
}

/** restic reads what is to be left out as a pattern. */
function escapePattern(path: string): string {
  return path.replaceAll(/[\\*?[\]]/g, '\\$&');
}

function below(path: string, root: string): string {
  return path.startsWith(`${root}/`) ? path.slice(root.length + 1) : path;
}
