import { randomUUID } from 'node:crypto';

import {
  Client,
  Connection,
  type WorkflowHandleWithFirstExecutionRunId as StartedWorkflow,
} from '@temporalio/client';
import {
  NativeConnection,
  Worker,
  type WorkerOptions,
  type WorkflowBundleOption,
} from '@temporalio/worker';

import type { ClusterActivities } from '../../activities/contract.ts';
import { createActivities } from '../../activities/index.ts';
import type { WorkerDependencies } from '../../activities/dependencies.ts';
import {
  pluginTaskQueue,
  clusterTaskQueue,
  WORKFLOW_TASK_QUEUE,
} from '../../domain/workflow-id.ts';
import { Installation } from './installation.ts';

/** A worker of this process. */
export interface LocalWorker {
  stop(): Promise<void>;
}

/**
 * The workflows that stand between a run and its plugins, on a Temporal server of their own: they are started by the test, and
 * nobody needs a cluster.
 */
export class PluginWorkflows {
  readonly #installation: Installation;
  readonly #client: Client;
  readonly #native: NativeConnection;
  readonly #workers: LocalWorker[] = [];

  private constructor(installation: Installation, client: Client, native: NativeConnection) {
    this.#installation = installation;
    this.#client = client;
    this.#native = native;
  }

  /** Runs the workflows as they are, unless a test compiled others. */
  static async start(workflowBundle: WorkflowBundleOption = asTheyAre()): Promise<PluginWorkflows> {
    const installation = await Installation.start({ parts: ['temporal'], isFolder: true });
    const address = installation.temporalAddress;
    const client = new Client({ connection: await Connection.connect({ address }) });
    const all = new PluginWorkflows(
      installation,
      client,
      await NativeConnection.connect({ address }),
    );
    await all.#serve({ taskQueue: WORKFLOW_TASK_QUEUE, workflowBundle });
    return all;
  }

  /** Ends all workers as well. */
  async stop(): Promise<void> {
    await Promise.all(this.#workers.map((worker) => worker.stop()));
    await this.#client.connection.close();
    await this.#native.close();
    await this.#installation.stop();
  }

  /** Serves the activities of a cluster, some of them in the words of the test; gives the name of the cluster. */
  async serveCluster(
    deps: WorkerDependencies,
    own: Partial<ClusterActivities> = {},
  ): Promise<string> {
    const cluster = randomUUID();
    const activities = { ...createActivities(deps), ...own };
    await this.#serve({ taskQueue: clusterTaskQueue(cluster), activities });
    return cluster;
  }

  servePlugin(cluster: string, plugin: string, activities: object): Promise<LocalWorker> {
    return this.#serve({ taskQueue: pluginTaskQueue(cluster, plugin), activities });
  }

  start(type: string, input: object, workflowId: string = randomUUID()): Promise<StartedWorkflow> {
    const options = { workflowId, taskQueue: WORKFLOW_TASK_QUEUE, args: [input] };
    return this.#client.workflow.start(type, options);
  }

  /** Runs a workflow to its end. The type of its result is the caller's word. */
  async run<Result>(type: string, input: object, workflowId?: string): Promise<Result> {
    return (await (await this.start(type, input, workflowId)).result()) as Result;
  }

  /** The histories of all runs of a workflow, each of which has continued the one before as new. */
  async histories({ workflowId, firstExecutionRunId }: StartedWorkflow) {
    const found = [];
    let runId: string | null | undefined = firstExecutionRunId;
    while (typeof runId === 'string') {
      const history = await this.#client.workflow.getHandle(workflowId, runId).fetchHistory();
      found.push(history);
      const last = history.events?.at(-1);
      runId = last?.workflowExecutionContinuedAsNewEventAttributes?.newExecutionRunId;
    }
    return found;
  }

  async #serve(options: WorkerOptions): Promise<LocalWorker> {
    const worker = await Worker.create({ connection: this.#native, ...options });
    const ended = worker.run();
    let isAsked = false;
    const local = {
      stop: async (): Promise<void> => {
        if (!isAsked) {
          isAsked = true;
          worker.shutdown();
        }
        await ended;
      },
    };
    this.#workers.push(local);
    return local;
  }
}

function asTheyAre(): WorkflowBundleOption {
  return { codePath: process.env['HOLDFAST_WORKFLOW_BUNDLE'] ?? '' };
}
