import type { Part } from './part.ts';

/** A request to the Kubernetes API, as its authorization looks at it. */
export interface Access {
  readonly verb: string;
  readonly group: string;
  /** `*` for all, as is the group. */
  readonly resource: string;
  readonly subresource?: string;
  /** All of them when left out. */
  readonly namespace?: string;
  /** All of them when left out. */
  readonly name?: string;
}

/** What the account of a worker may not do. */
export interface AccessFacts {
  /** As far as they are listed. */
  readonly denied: readonly Access[];
  /** All of them. */
  readonly deniedCount: number;
}

/** Of the pods that only mount a volume. */
export interface ImageFacts {
  /** Undefined where none is configured. */
  readonly image?: string;
  /** Whether it is known to run, as it did lately or as an agent does now. */
  readonly isSeen: boolean;
}

/** A location, asked by a worker. */
export interface LocationFacts {
  readonly name: string;
  readonly answer: Part<true>;
}

export interface EngineVersion {
  readonly kind: string;
  readonly version: string;
}

/** What a worker of a cluster knows of itself and of what it needs. */
export interface WorkerFacts {
  readonly access: Part<AccessFacts>;
  readonly engine: Part<EngineVersion>;
  readonly image: Part<ImageFacts>;
  readonly locations: readonly LocationFacts[];
}

/** A node with pods that have volumes. */
export interface NodeFacts {
  readonly node: string;
  /** Whether an agent has asked for work of the node lately. */
  readonly isServed: boolean;
}

/** A node, and what its agent said. */
export interface AgentFacts extends NodeFacts {
  /** Left out where there is no agent to ask, or where too many were asked before. */
  readonly engine?: Part<EngineVersion>;
}

/** What the worker and the agents of a cluster say. */
export interface ClusterFacts {
  readonly worker: Part<WorkerFacts>;
  readonly agents: Part<readonly AgentFacts[]>;
}
