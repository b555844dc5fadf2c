import pLimit from 'p-limit';

import { fields, list, nameOf } from '../../domain/fields.ts';
import { RESTORE_LABEL, RESTORE_MARK } from '../../domain/restore/clean-object.ts';
import { GATE, GATE_OPEN } from '../../domain/restore/pod-gate.ts';
import type { RestoreRun } from '../contract.ts';
import type { Dependencies } from '../dependencies.ts';
import { withHeartbeat } from '../heartbeat.ts';
import { readRestoreClaim } from '../restore/restore-run.ts';
import { marksOf } from '../restore/shard-lines.ts';
import { type LivePod, POD, podsWithLabels } from './pods.ts';

/** Pods that are let go at the same time. */
const PATCHES_IN_FLIGHT = 8;
const EVERY_NAMESPACE = '';

/** See `VolumeActivities.openGates`. */
export function openGates(deps: Dependencies, run: RestoreRun): Promise<void> {
  return withHeartbeat(async ({ signal }) => {
    const { spec } = await readRestoreClaim(deps.store(run.location), run);
    const labelSelector = `${RESTORE_LABEL}=${marksOf(run, spec).restoreLabel}`;
    const scope = { namespace: EVERY_NAMESPACE, labelSelector };
    const pods = await podsWithLabels(deps.cluster, scope, signal);
    const waiting = pods.filter((pod) => waits(pod) && isOf(run, pod));
    await pLimit(PATCHES_IN_FLIGHT).map(waiting, ({ namespace, name }) => {
      const merge = { metadata: { annotations: { [GATE_OPEN]: run.runUid } } };
      return deps.cluster.patch(POD, { ...POD, namespace, name }, { merge, signal });
    });
  });
}

/** Whether a pod has a gate, and has not passed its first containers. */
function waits({ phase, object }: LivePod): boolean {
  const inits = list(fields(object['spec'])['initContainers']);
  return phase === 'Pending' && inits.some((one) => nameOf(one) === GATE);
}

function isOf({ runUid }: RestoreRun, { object }: LivePod): boolean {
  return object.metadata.annotations?.[RESTORE_MARK]?.startsWith(`${runUid}:`) === true;
}
