import {
  Client,
  type Connection,
  type WorkflowExecutionDescription,
  WorkflowExecutionAlreadyStartedError,
  WorkflowNotFoundError,
  WithStartWorkflowOperation,
} from '@temporalio/client';
import protocol from '@temporalio/proto';

import { Failure } from '../../domain/failure.ts';
import { countAlive } from '../../domain/pollers.ts';
import { clusterTaskQueue, WORKFLOW_TASK_QUEUE } from '../../domain/workflow-id.ts';
import {
  type OpenAnswer,
  openUpdate,
  type RunMemo,
  SEARCH_ATTRIBUTES,
} from '../../workflows/contract.ts';
import type { TemporalLine } from './temporal-line.ts';
import { isInvalidArgument, isUpdateTimeout, translated } from './temporal-errors.ts';

/** Longest that one call may take, retries of the client included. */
const CALL_TIMEOUT_MS = 5000;
/** How long the API waits for the open step of a new run. */
const OPEN_WAIT_MS = 5000;
/** The call that starts a run is given up later than the wait for it ends, so that a wait does not undo a start. */
const START_TIMEOUT_MS = 2 * OPEN_WAIT_MS;
/** How long a worker that was seen is taken to be there. */
const POLLER_SEEN_MS = 2000;
/** How long a process takes the retention of Temporal's namespace to be as it was. */
const RETENTION_KNOWN_MS = 10 * 60_000;
const QUEUE_TYPES = protocol.temporal.api.enums.v1.TaskQueueType;
const TASK_QUEUE_TYPE = {
  workflow: QUEUE_TYPES.TASK_QUEUE_TYPE_WORKFLOW,
  activity: QUEUE_TYPES.TASK_QUEUE_TYPE_ACTIVITY,
} as const;

/** Everything that a start says about a run. */
export interface RunStart {
  readonly kind: 'Backup' | 'Restore';
  readonly workflow: string;
  readonly workflowId: string;
  readonly name: string;
  readonly cluster: string;
  readonly memo: RunMemo;
  /** What the Temporal UI shows of it for good; markdown. */
  readonly details: string;
  readonly input: unknown;
}

export type StartOutcome = OpenAnswer | { readonly kind: 'running' } | { readonly kind: 'pending' };

/**
 * Temporal, as the API needs it. Throws `temporal-unreachable`, `temporal-forbidden` and `no-worker`, each within
 * seconds.
 */
export class TemporalRuns {
  readonly client: Client;
  readonly #line: TemporalLine;
  readonly #seen = new Map<string, number>();
  #hasSearchAttributes = true;
  #retention: { readonly told: Promise<number | undefined>; readonly untilMs: number } | undefined;

  constructor(line: TemporalLine, namespace: string) {
    this.#line = line;
    this.client = new Client({ connection: line.connection, namespace });
  }

  /** What is asked by it goes through `call`. */
  get connection(): Connection {
    return this.#line.connection;
  }

  get namespace(): string {
    return this.client.options.namespace;
  }

  /** Throws `no-worker` when nobody would take the steps of a run. */
  async requireWorkers(cluster: string): Promise<void> {
    await Promise.all([
      this.#requirePoller(WORKFLOW_TASK_QUEUE, 'workflow'),
      this.#requirePoller(clusterTaskQueue(cluster), 'activity'),
    ]);
  }

  /** How many workers have asked a task queue for work of a kind lately. */
  async workersOf(taskQueue: string, type: keyof typeof TASK_QUEUE_TYPE): Promise<number> {
    const { pollers } = await this.call(() =>
      this.connection.workflowService.describeTaskQueue({
        namespace: this.namespace,
        taskQueue: { name: taskQueue },
        taskQueueType: TASK_QUEUE_TYPE[type],
      }),
    );
    return countAlive(pollers, Date.now());
  }

  /** Starts a run and waits for its open step; `running` when a run of the id is under way. */
  async start(start: RunStart): Promise<StartOutcome> {
    try {
      return await this.#startOnce(start);
    } catch (error) {
      if (error instanceof WorkflowExecutionAlreadyStartedError) {
        return { kind: 'running' };
      }
      if (isUpdateTimeout(error)) {
        return { kind: 'pending' };
      }
      if (this.#hasSearchAttributes && isInvalidArgument(error)) {
        // The server does not know the attributes; runs go on without them.
        this.#hasSearchAttributes = false;
        return this.start(start);
      }
      throw translated(error);
    }
  }

  /** A run, or the latest one of an id; undefined if Temporal does not remember any. */
  async describe(
    workflowId: string,
    runId?: string,
  ): Promise<WorkflowExecutionDescription | undefined> {
    try {
      return await this.call(() => this.client.workflow.getHandle(workflowId, runId).describe());
    } catch (error) {
      if (error instanceof WorkflowNotFoundError) {
        return undefined;
      }
      throw error;
    }
  }

  /** Whether a run is over, or Temporal does not remember it. */
  async isClosed({ workflowId, runId }: { workflowId: string; runId: string }): Promise<boolean> {
    const described = await this.describe(workflowId, runId);
    return described === undefined || described.closeTime !== undefined;
  }

  /**
   * Which Holdfast this is, as workers and claims name it: the id of the Temporal namespace, or its name where the API may
   * not ask for it.
   */
  async installation(): Promise<string> {
    const { namespace } = this;
    try {
      const { namespaceInfo } = await this.call(() =>
        this.client.workflowService.describeNamespace({ namespace }),
      );
      return namespaceInfo?.id ?? namespace;
    } catch (error) {
      if (error instanceof Failure && error.code === 'temporal-forbidden') {
        return namespace;
      }
      throw error;
    }
  }

  /**
   * How long Temporal remembers a run that has closed, as it said a while ago at most; undefined where it does not say.
   */
  async retentionMs(): Promise<number | undefined> {
    const known = this.#retention;
    if (known === undefined || known.untilMs < performance.now()) {
      const told = this.#askRetention();
      this.#retention = { told, untilMs: performance.now() + RETENTION_KNOWN_MS };
      return told;
    }
    return known.told;
  }

  async #askRetention(): Promise<number | undefined> {
    const { namespace } = this;
    try {
      const { config } = await this.call(() =>
        this.client.workflowService.describeNamespace({ namespace }),
      );
      const seconds = config?.workflowExecutionRetentionTtl?.seconds;
      return seconds == null ? undefined : Number(seconds) * 1000;
    } catch {
      // Links do without it.
      return undefined;
    }
  }

  /** Runs a call with a deadline and translates its failure. */
  async call<Result>(run: () => Promise<Result>, timeoutMs = CALL_TIMEOUT_MS): Promise<Result> {
    try {
      return await this.client.withDeadline(Date.now() + timeoutMs, run);
    } catch (error) {
      throw translated(error);
    }
  }

  /**
   * Waits until a workflow has closed, the time is over, or nobody waits any more. How it closed is told by a look at
   * it, and so is a Temporal that does not answer.
   */
  async closed(
    workflowId: string,
    { waitMs, signal }: { waitMs: number; signal: AbortSignal },
  ): Promise<void> {
    const { client } = this;
    const closing = (): Promise<unknown> => client.workflow.getHandle(workflowId).result();
    try {
      await client.withDeadline(Date.now() + waitMs, () => client.withAbortSignal(signal, closing));
    } catch {
      // The look that follows tells it.
    }
  }

  async close(): Promise<void> {
    await this.#line.close();
  }

  async #startOnce(start: RunStart): Promise<StartOutcome> {
    const { kind, workflow, workflowId, name, cluster, memo, details, input } = start;
    const operation = new WithStartWorkflowOperation(workflow, {
      workflowId,
      taskQueue: WORKFLOW_TASK_QUEUE,
      args: [input],
      workflowIdReusePolicy: 'ALLOW_DUPLICATE',
      workflowIdConflictPolicy: 'FAIL',
      memo: { ...memo },
      staticSummary: `${kind} ${name} of cluster ${cluster}`,
      staticDetails: details,
      ...(this.#hasSearchAttributes ? { typedSearchAttributes: attributesOf(start) } : {}),
    });
    const opening = this.client.withDeadline(Date.now() + START_TIMEOUT_MS, () =>
      this.client.workflow.executeUpdateWithStart(openUpdate, {
        startWorkflowOperation: operation,
        args: [],
      }),
    );
    const timer = timeout(OPEN_WAIT_MS, { kind: 'pending' } as const);
    try {
      return await Promise.race([opening, timer.promise]);
    } finally {
      timer.cancel();
      // The answer may still come, to nobody.
      opening.catch(() => undefined);
    }
  }

  async #requirePoller(taskQueue: string, type: keyof typeof TASK_QUEUE_TYPE): Promise<void> {
    if (Date.now() - (this.#seen.get(taskQueue) ?? 0) < POLLER_SEEN_MS) {
      return;
    }
    if ((await this.workersOf(taskQueue, type)) === 0) {
      throw new Failure(
        'no-worker',
        `no worker takes work from the task queue ${taskQueue}; start one`,
        {
          subject: taskQueue,
        },
      );
    }
    this.#seen.set(taskQueue, Date.now());
  }
}

function attributesOf({ kind, name, cluster }: RunStart) {
  return [
    { key: SEARCH_ATTRIBUTES.kind, value: kind },
    { key: SEARCH_ATTRIBUTES.name, value: name },
    { key: SEARCH_ATTRIBUTES.cluster, value: cluster },
    { key: SEARCH_ATTRIBUTES.phase, value: 'New' },
  ];
}

/** A promise that is kept after a time, and a way to forget it. */
function timeout<Value>(ms: number, value: Value): { promise: Promise<Value>; cancel: () => void } {
  let timer: NodeJS.Timeout | undefined;
  const promise = new Promise<Value>((resolve) => {
    timer = setTimeout(resolve, ms, value);
  });
  return {
    promise,
    cancel: () => {
      clearTimeout(timer);
    },
  };
}
