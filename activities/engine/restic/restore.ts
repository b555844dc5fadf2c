import { execFile } from 'node:child_process';
import { promisify } from 'node:util';

import { Failure } from '../../../domain/failure.ts';
import { fields } from '../../../domain/fields.ts';
import type { VolumeRestore } from '../../../domain/volumes/volume-copy.ts';
import { endLeftovers } from '../leftovers.ts';
import { inspectMount, isStillInPlace, type RootMount } from '../mount.ts';
import type { OpenRoot } from '../open-root.ts';
import type { EngineRun, RestoreRequest } from '../port.ts';
import { removeHardlinks } from '../remove-hardlinks.ts';
import { writeRootAttributes } from '../root-attributes.ts';
import type { ResticConfig } from './config.ts';
import { engineFailure, snapshotFailure } from './failures.ts';
import { numberOf } from './messages.ts';
import { type ResticEnd, runLocking } from './run-restic.ts';

/** The exit code of restic for all that has none of its own. */
const FAILED = 1;

/** What a restore of a snapshot gives. */
type Restored = Pick<VolumeRestore, 'bytes' | 'errorCount' | 'errors' | 'isDamaged'>;

const NOTHING: Restored = { bytes: 0, errorCount: 0, errors: [], isDamaged: false };

/** See `VolumeEngine.restore`. */
export async function restoreVolume(
  config: ResticConfig,
  request: RestoreRequest,
  run: EngineRun,
): Promise<VolumeRestore> {
  const { root, snapshotId, attributes } = request;
  await endLeftovers(run.key, run.signal);
  const mount = await inspectMount(root);
  await requireInPlace(root, mount);
  let restored = NOTHING;
  if (snapshotId !== undefined) {
    await removeHardlinks(root, run.signal);
    restored = await restoreData(config, { request, snapshotId, run });
  }
  // Last, because every entry that is written moves the time of the root.
  const rootDifferences = await writeRootAttributes(root, attributes);
  await promisify(execFile)('sync', ['--file-system', '.'], { cwd: root.pinnedPath });
  await requireInPlace(root, mount);
  const isWhole = restored.errorCount === 0 && rootDifferences.length === 0;
  return { outcome: isWhole ? 'Complete' : 'Incomplete', ...restored, rootDifferences };
}

async function restoreData(
  config: ResticConfig,
  call: { request: RestoreRequest; snapshotId: string; run: EngineRun },
): Promise<Restored> {
  const { request, snapshotId, run } = call;
  const { repository, root } = request;
  const end = await runLocking(config, {
    ...{ repository, run, phase: 'Restoring', cwd: root.pinnedPath },
    args: ['restore', snapshotId, '--target', '.', '--sparse', '--verify'],
  });
  const { itemErrors, summary, isDamaged } = end.output;
  if (!isRestored(end)) {
    const isFull = end.givenUp === undefined && end.output.hasNoSpaceForItem;
    throw isFull
      ? engineFailure('volume-full', repository.path)
      : await snapshotFailure(end, repository, snapshotId);
  }
  return { bytes: numberOf(fields(summary), 'total_bytes'), ...itemErrors, isDamaged };
}

/** Whether restic got through; the numbers of its summary are what it meant to do, and say nothing about that. */
function isRestored({ code, givenUp, output }: ResticEnd): boolean {
  const { errorCount } = output.itemErrors;
  const hasNoSpace = output.hasNoSpace || output.hasNoSpaceForItem;
  const hasNamedErrors = code === FAILED && errorCount > 0 && !hasNoSpace;
  return givenUp === undefined && ((code === 0 && errorCount === 0) || hasNamedErrors);
}

/** restic writes to the path of the volume, so nothing else may be mounted there. */
async function requireInPlace(root: OpenRoot, mount: RootMount | undefined): Promise<void> {
  if (!(await isStillInPlace(root, mount))) {
    const text = 'another directory is at the path of the volume than the one that was opened';
    throw new Failure('volume-unreadable', text);
  }
}
