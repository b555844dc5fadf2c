import { randomBytes } from 'node:crypto';

import { fields } from '../../domain/fields.ts';
import { Failure } from '../../domain/failure.ts';
import { backupKeys, restoreFolder, shardItemsKey } from '../../domain/object-key.ts';
import { restoreShardItems } from '../../domain/restore-plan.ts';
import { readBackup } from '../../storage/catalogue.ts';
import { encodeIndex, oneBatch, readIndex } from '../../storage/format/index-file.ts';
import { readBodies } from '../../storage/format/read-bodies.ts';
import type { PlanRestoreResult, RestoreRun } from '../contract.ts';
import type { Dependencies } from '../dependencies.ts';
import { withHeartbeat } from '../heartbeat.ts';
import { readRestoreClaim, writeRestorePlan } from './restore-run.ts';
import { RestoreSorter, type VolumeBinding } from './restore-sorter.ts';
import { WaveWriter } from './wave-writer.ts';

const ATTEMPT_BYTES = 6;

/** See `ClusterActivities.planRestore`. */
export function planRestore(deps: Dependencies, run: RestoreRun): Promise<PlanRestoreResult> {
  return withHeartbeat(async ({ signal, report }) => {
    const store = deps.store(run.location);
    const { spec } = await readRestoreClaim(store, run);
    const backup = await readBackup(store, spec.backupName);
    const { archive: archiveKey, index } = backupKeys(spec.backupName);
    const attempt = randomBytes(ATTEMPT_BYTES).toString('hex');
    const waves = new WaveWriter(
      restoreShardItems(backup?.claim?.archive?.items ?? 0),
      (shard, lines) => {
        const key = shardItemsKey(restoreFolder(run.name), { runUid: run.runUid, shard, attempt });
        return store.upload(key, encodeIndex(oneBatch(lines)), { signal });
      },
    );
    const sorter = new RestoreSorter(spec);
    let itemsDone = 0;
    for await (const lines of readIndex(store, index, { signal })) {
      for (const line of lines.filter((one) => sorter.takes(one))) {
        await waves.add(line);
      }
      itemsDone += lines.length;
      report({ itemsDone, bytesDone: 0 });
    }
    requireSelection(sorter);
    for await (const { line, object } of readBodies(store, {
      archiveKey,
      lines: sorter.volumes,
      signal,
    })) {
      sorter.seeVolume(line, bindingOf(object));
    }
    for (const line of sorter.related()) {
      await waves.add(line);
    }
    const { items, waves: written } = await waves.finish();
    const { keptVolumes, leftOut } = sorter;
    await writeRestorePlan(store, run, { spec, items, keptVolumes, leftOut });
    return { items, waves: written, attempt };
  });
}

/** The open step has looked already, unless the index is large. */
function requireSelection({ scope }: RestoreSorter): void {
  const refusal = scope.refusal();
  if (refusal !== undefined) {
    const { code, message, subject } = refusal;
    throw new Failure(code, message, subject === undefined ? {} : { subject });
  }
}

function bindingOf(volume: Record<string, unknown>): VolumeBinding {
  const spec = fields(volume['spec']);
  const claimUid = fields(spec['claimRef'])['uid'];
  return {
    claimUid: typeof claimUid === 'string' ? claimUid : '',
    isReprovisioned: spec['persistentVolumeReclaimPolicy'] === 'Delete',
  };
}
