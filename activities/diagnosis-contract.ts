import type { EngineVersion, NodeFacts, WorkerFacts } from '../domain/diagnosis/facts.ts';

/** The activities of a look at a cluster; what is said of `ClusterActivities` holds for them. They change nothing. */
export interface DiagnosisActivities {
  /**
   * What the worker's account may do, whether its engine starts, and whether image and locations are there for it. What
   * does not answer is in the result.
   */
  checkWorker(input: CheckWorkerInput): Promise<WorkerFacts>;
  /** The nodes with pods that have volumes, by name, 500 at most. Heartbeats. */
  findVolumeNodes(input: FindVolumeNodesInput): Promise<FindVolumeNodesResult>;
}

/** The activity of node agents. */
export interface AgentActivities {
  /** Whether the agent's engine starts. Throws `engine-not-usable`. */
  checkAgent(input: CheckAgentInput): Promise<EngineVersion>;
}

interface CheckWorkerInput {
  readonly cluster: string;
}

export interface FindVolumeNodesInput {
  readonly cluster: string;
}

interface CheckAgentInput {
  readonly cluster: string;
  readonly node: string;
}

export interface FindVolumeNodesResult {
  readonly nodes: readonly NodeFacts[];
}
