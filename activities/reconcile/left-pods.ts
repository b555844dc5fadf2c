import type { Orphan } from '../../domain/orphan.ts';
import { runOfWorkflowId } from '../../domain/workflow-id.ts';
import type { OwnDependencies } from '../dependencies.ts';
import type { FindOrphansInput } from '../reconcile-contract.ts';
import { INSTALLATION, OWN_PODS, RUN_UID, WORKFLOW_ID } from '../volumes/mount-pod.ts';
import { type LivePod, podsWithLabels } from '../volumes/pods.ts';

type PodDeps = Pick<OwnDependencies, 'cluster' | 'leases' | 'installation'>;

/** A pod that a run has left. */
interface LeftPod {
  readonly orphan: Orphan;
  readonly pod: LivePod;
}

/**
 * Pods of runs of the location that have closed. A pod says itself of which run and Holdfast it is; that of another Holdfast
 * is left alone, since only that one knows its runs.
 */
export async function leftPods(
  deps: PodDeps,
  { location }: FindOrphansInput,
  signal: AbortSignal,
): Promise<LeftPod[]> {
  const scope = { namespace: '', labelSelector: OWN_PODS };
  const left: LeftPod[] = [];
  for (const pod of await podsWithLabels(deps.cluster, scope, signal)) {
    const run = pod.isBeingDeleted ? undefined : ownRun(deps, pod);
    if (run?.location === location && (await deps.leases.isClosed(run))) {
      left.push({ orphan: orphanOf(pod, run), pod });
    }
  }
  return left;
}

/** The run of ours that a pod says it is of. */
function ownRun({ installation }: PodDeps, { object }: LivePod) {
  const { annotations = {}, labels = {} } = object.metadata;
  const workflowId = annotations[WORKFLOW_ID] ?? '';
  const run = runOfWorkflowId(workflowId);
  const runId = labels[RUN_UID];
  return run === undefined || runId === undefined || annotations[INSTALLATION] !== installation
    ? undefined
    : { ...run, workflowId, runId };
}

function orphanOf(
  { namespace, name: pod, object }: LivePod,
  { kind, name, runId: runUid }: NonNullable<ReturnType<typeof ownRun>>,
): Orphan {
  const { creationTimestamp } = object.metadata;
  const reason = `it was made for the ${kind.toLowerCase()} ${name}, whose run has closed`;
  return {
    ...{ kind: 'LeftPod', place: `${namespace}/${pod}`, reason, run: { kind, name, runUid } },
    ...(typeof creationTimestamp === 'string' ? { since: creationTimestamp } : {}),
  };
}
