import pLimit from 'p-limit';

import { joinProblems } from '../../domain/backup.ts';
import type { CoverageReport } from '../../domain/coverage.ts';
import { hookProblems, type PodHookReport, summaryOf } from '../../domain/hooks/hook-report.ts';
import {
  backupKeys,
  failedClaimsKey,
  hookEndsKey,
  restoreFolder,
  runFolder,
  volumeEndsKey,
} from '../../domain/object-key.ts';
import { type CopyRecord, sizeOfCopy } from '../../domain/volumes/copy-record.ts';
import type { RestoreRecord } from '../../domain/volumes/restore-record.ts';
import { type CopyEnd, withCopies } from '../../domain/volumes/volume-outcomes.ts';
import { readJsonGz, writeJsonGz } from '../../storage/json-file.ts';
import type { Dependencies } from '../dependencies.ts';
import { withHeartbeat } from '../heartbeat.ts';
import type { RecordedVolumes, RecordVolumesInput, VolumeEndsInput } from '../volume-contract.ts';
import { type Held, hooksOfBatch } from '../hooks/hooks-of-batch.ts';
import { tellProblems } from '../run-log/activity-log.ts';
import { settleClaim } from './claims.ts';
import { readEnds } from './volume-ends.ts';

/** Claims whose marks are taken off at the same time. */
const SETTLED_IN_FLIGHT = 8;

/** See `VolumeActivities.recordVolumeEnds`. */
export async function recordVolumeEnds(deps: Dependencies, input: VolumeEndsInput): Promise<void> {
  const store = deps.store(input.location);
  await writeJsonGz(store, volumeEndsKey(runFolder(input), input), input.ends);
  if (input.hooks !== undefined) {
    await writeJsonGz(store, hookEndsKey(runFolder(input), input), input.hooks);
  }
}

/** See `VolumeActivities.recordVolumes`. */
export function recordVolumes(
  deps: Dependencies,
  { batches, ...run }: RecordVolumesInput,
): Promise<RecordedVolumes> {
  return withHeartbeat(async ({ signal }) => {
    const store = deps.store(run.location);
    const ends: CopyEnd[] = [];
    const hooks: PodHookReport[] = [];
    for (let batch = 0; batch < batches; batch++) {
      signal.throwIfAborted();
      const part = { ...run, kind: 'Backup', batch } as const;
      const volumes = await readEnds(store, part);
      const { pods, held } = await hooksOfBatch(store, part, volumes);
      hooks.push(...pods);
      for (const end of volumes) {
        ends.push(end.kind === 'failed' ? end : copied(end.record as CopyRecord, held));
      }
    }
    const records = ends.flatMap((end) => (end.kind === 'copied' ? [end.record] : []));
    const keys = backupKeys(run.name);
    // The report under this key was written by the same run, when it read its archive back.
    const stored = (await readJsonGz(store, keys.coverage)) as CoverageReport;
    const { report, problems } = withCopies(stored, ends);
    await writeJsonGz(store, keys.volumes, records);
    if (hooks.length > 0) {
      await writeJsonGz(store, keys.hooks, hooks);
    }
    await writeJsonGz(store, keys.coverage, report);
    const sizes = records.map(sizeOfCopy);
    const all = joinProblems([hookProblems(hooks), problems]);
    tellProblems(all);
    return {
      volumes: records.length,
      files: sizes.reduce((sum, { files }) => sum + files, 0),
      bytes: sizes.reduce((sum, { bytes }) => sum + bytes, 0),
      problems: all,
      ...(hooks.length === 0 ? {} : { hooks: summaryOf(hooks) }),
    };
  });
}

/** What an attempt of `copyVolume` has stored, with what is known of the hooks around it. */
function copied(record: CopyRecord, held: ReadonlyMap<number, Held>): CopyEnd {
  const how = held.get(record.index);
  return {
    kind: 'copied',
    record: how === undefined ? record : { ...record, isHeld: how === 'Held' },
    ...(how === 'Excused' ? { isExcused: true } : {}),
  };
}

/** See `VolumeActivities.recordRestoredVolumes`. */
export function recordRestoredVolumes(
  deps: Dependencies,
  { batches, ...run }: RecordVolumesInput,
): Promise<void> {
  return withHeartbeat(async ({ signal }) => {
    const store = deps.store(run.location);
    const key = failedClaimsKey(restoreFolder(run.name), run.runUid);
    // The object under this key was written by `planVolumeRestore` of the same run, or by an earlier attempt.
    const failed = new Set((await readJsonGz(store, key)) as readonly string[]);
    for (let batch = 0; batch < batches; batch++) {
      signal.throwIfAborted();
      const ends = await readEnds(store, { ...run, kind: 'Restore', batch });
      await pLimit(SETTLED_IN_FLIGHT).map(ends, async (end) => {
        // What an attempt of `restoreVolume` stores is the record of a restored volume.
        const volume = end.kind === 'failed' ? end.volume : (end.record as RestoreRecord);
        const { namespace, claim: name } = volume;
        if (name !== undefined && end.kind === 'failed') {
          failed.add(`${namespace}/${name}`);
        } else if (name !== undefined) {
          await settleClaim(deps.cluster, { namespace, name }, signal);
        }
      });
    }
    await writeJsonGz(store, key, [...failed]);
  });
}
