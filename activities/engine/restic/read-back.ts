import { mkdir, readFile, rm, writeFile } from 'node:fs/promises';
import { join } from 'node:path';

import { fields } from '../../../domain/fields.ts';
import type { ReadBackExtent } from '../../../domain/volumes/proof.ts';
import type { EngineRun, ReadBackRequest } from '../port.ts';
import type { ResticConfig } from './config.ts';
import { engineFailure, snapshotFailure } from './failures.ts';
import { runRestic } from './run-restic.ts';

const KIB = 1024;
/** How long what was read back counts as read back; stores lose data with time. */
const VALID_MS = 7 * 24 * 60 * 60 * 1000;

/**
 * See `VolumeEngine.readBack`. Which snapshots were read back whole is noted in the cache folder: where that is lost,
 * or the volume moved to another node, more is read than is needed, and never less.
 */
export async function readBack(
  config: ResticConfig,
  request: ReadBackRequest,
  run: EngineRun,
): Promise<ReadBackExtent> {
  const { snapshot, parent } = request;
  const parentReadAt = parent && (await notedAt(config, parent.snapshotId));
  if (snapshot.filesChanged === 0 && parentReadAt !== undefined) {
    // All files are those of the parent; only directories can be new, and a plain check reads every one of them.
    if (snapshot.blobsAdded > 0) {
      await check(config, { request, run, flags: [] });
    }
    await note(config, snapshot.snapshotId, parentReadAt);
    return 'Unchanged';
  }
  const startedAt = new Date();
  if (snapshot.bytes > config.readBackBytesMax) {
    const flags = [`--read-data-subset=${String(Math.ceil(config.readBackBytesMax / KIB))}K`];
    await check(config, { request, run, flags });
    return 'Sample';
  }
  await check(config, { request, run, flags: ['--read-data'] });
  await note(config, snapshot.snapshotId, startedAt);
  if (parent !== undefined) {
    await rm(noteOf(config, parent.snapshotId), { force: true });
  }
  return 'All';
}

async function check(
  config: ResticConfig,
  call: { request: ReadBackRequest; run: EngineRun; flags: readonly string[] },
): Promise<void> {
  const { repository, snapshot } = call.request;
  const args = ['check', '--no-lock', ...call.flags, snapshot.snapshotId];
  const end = await runRestic(config, { repository, run: call.run, phase: 'ReadingBack', args });
  if (end.code !== 0 || end.givenUp !== undefined) {
    const failure = await snapshotFailure(end, repository, snapshot.snapshotId);
    const isDamage = failure.code === 'engine-failed' && end.output.summary !== undefined;
    throw isDamage ? engineFailure('repository-damaged', repository.path, failure.cause) : failure;
  }
}

/** When a snapshot was read back whole; undefined if that is not known or too long ago. */
async function notedAt(config: ResticConfig, snapshotId: string): Promise<Date | undefined> {
  try {
    const at = fields(JSON.parse(await readFile(noteOf(config, snapshotId), 'utf8')))['readAt'];
    const time = new Date(typeof at === 'string' ? at : Number.NaN);
    return Date.now() - time.getTime() < VALID_MS ? time : undefined;
  } catch {
    // What is not there, or cannot be read, was not read back as far as we know.
    return undefined;
  }
}

async function note(config: ResticConfig, snapshotId: string, readAt: Date): Promise<void> {
  await mkdir(join(config.cacheDir, 'read-back'), { recursive: true });
  const text = JSON.stringify({ readAt: readAt.toISOString() });
  await writeFile(noteOf(config, snapshotId), text);
}

function noteOf(config: ResticConfig, snapshotId: string): string {
  return join(config.cacheDir, 'read-back', `${snapshotId}.json`);
}
