import { compareText } from '../../domain/compare-text.ts';
import { hasEnded, podFacts } from '../../domain/volumes/volume-facts.ts';
import { nodeTaskQueue } from '../../domain/workflow-id.ts';
import type { Dependencies } from '../dependencies.ts';
import type { FindVolumeNodesInput, FindVolumeNodesResult } from '../diagnosis-contract.ts';
import { type LongWork, withHeartbeat } from '../heartbeat.ts';
import { POD } from '../volumes/pods.ts';

const NODES_MAX = 500;

/** See `DiagnosisActivities`. */
export function findVolumeNodes(
  deps: Pick<Dependencies, 'cluster' | 'isServed'>,
  input: FindVolumeNodesInput,
): Promise<FindVolumeNodesResult> {
  return withHeartbeat((long) => find(deps, input, long));
}

async function find(
  { cluster, isServed }: Pick<Dependencies, 'cluster' | 'isServed'>,
  input: FindVolumeNodesInput,
  { signal }: LongWork,
): Promise<FindVolumeNodesResult> {
  const found = new Set<string>();
  const scope = { type: POD, namespace: '' };
  for await (const page of cluster.listPages(scope, { signal, isMixedAllowed: true })) {
    for (const { object } of page) {
      const pod = podFacts(object);
      const hasClaim = pod.volumes.some(({ claimName }) => claimName !== undefined);
      if (pod.node !== undefined && hasClaim && !hasEnded(pod)) {
        found.add(pod.node);
      }
    }
  }
  const nodes = [...found].sort(compareText).slice(0, NODES_MAX);
  return {
    nodes: await Promise.all(
      nodes.map(async (node) => ({
        node,
        isServed: await isServed(nodeTaskQueue(input.cluster, node)),
      })),
    ),
  };
}
