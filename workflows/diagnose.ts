import { isCancellation, setCurrentDetails } from '@temporalio/workflow';

import type { AgentFacts, ClusterFacts, NodeFacts } from '../domain/diagnosis/facts.ts';
import type { Part } from '../domain/diagnosis/part.ts';
import { activitiesOf, nodeActivitiesOf } from './activity-profiles.ts';
import type { DiagnoseInput } from './contract.ts';
import { reportOf } from './run-tracker.ts';

/** Somebody waits for the answer: what does not work soon is told. */
const PATIENCE_MS = 15_000;
/** How long an agent may take to begin; one that is busy takes longer. */
const AGENT_WAIT_MS = 5000;
/** Agents that are asked; of the others is told whether they are there. */
const AGENTS_MAX = 100;

/** Asks the worker of a cluster and its node agents how they are. One state: it asks, and ends with what they say. */
export async function diagnose({ cluster }: DiagnoseInput): Promise<ClusterFacts> {
  setCurrentDetails(`**Asking** · the worker and the node agents of cluster ${cluster}`);
  const activities = activitiesOf(cluster, PATIENCE_MS);
  const [worker, nodes] = await Promise.all([
    part(() => activities.short('Look at the worker').checkWorker({ cluster })),
    part(() => activities.long('Find the nodes with volumes').findVolumeNodes({ cluster })),
  ]);
  return {
    worker,
    agents: 'failure' in nodes ? nodes : { value: await agentsOf(cluster, nodes.value.nodes) },
  };
}

function agentsOf(cluster: string, nodes: readonly NodeFacts[]): Promise<AgentFacts[]> {
  const asked = new Set(nodes.filter(({ isServed }) => isServed).slice(0, AGENTS_MAX));
  return Promise.all(
    nodes.map(async (found) =>
      asked.has(found) ? { ...found, engine: await askAgent(cluster, found.node) } : found,
    ),
  );
}

function askAgent(cluster: string, node: string) {
  const input = { cluster, node, queueWaitMs: AGENT_WAIT_MS, isUrgent: true, patienceMs: 0 };
  return part(() =>
    nodeActivitiesOf(input)(`Ask the agent of ${node}`).checkAgent({ cluster, node }),
  );
}

async function part<Value>(ask: () => Promise<Value>): Promise<Part<Value>> {
  try {
    return { value: await ask() };
  } catch (error) {
    if (isCancellation(error)) {
      throw error;
    }
    return { failure: reportOf(error) };
  }
}
