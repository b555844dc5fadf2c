import type { WorkflowExecutionDescription } from '@temporalio/client';
import { WorkflowFailedError } from '@temporalio/client';
import { ApplicationFailure } from '@temporalio/common';

import type { ResourceList, RunResource, TemporalLink } from '../../domain/api-resource.ts';
import { API_VERSION } from '../../domain/api-resource.ts';
import { Failure, FAILURE_CODES, type FailureReport } from '../../domain/failure.ts';
import { isEndPhase, type Phase } from '../../domain/phase.ts';
import type { RunStatus } from '../../domain/run-status.ts';
import { deleteWorkflowId, type RunKey, WORKFLOW_TASK_QUEUE } from '../../domain/workflow-id.ts';
import type { ObjectStore } from '../../storage/object-store/port.ts';
import {
  DELETE_WORKFLOW,
  type DeleteInput,
  type RunMemo,
  runStatusQuery,
} from '../../workflows/contract.ts';
import type { RunKindOf } from './kinds.ts';
import { asReport, phaseOf, type RunInfo, runningStatus } from './running.ts';
import { specDigest } from './spec.ts';
import { type TemporalRuns, timeout } from './temporal.ts';

/** How long a run's workflow is waited for when it is asked where it is. */
const QUERY_TIMEOUT_MS = 1000;
/** Running runs of one kind and location that a list shows. */
const RUNNING_MAX = 1000;
export const PAGE_SIZE_DEFAULT = 50;
export const PAGE_SIZE_MAX = 500;

export interface ServiceOptions {
  readonly temporal: TemporalRuns;
  readonly store: (location: string) => ObjectStore;
  readonly uiUrl?: string | undefined;
  readonly patienceMs?: number | undefined;
}

export interface Created<Resource> {
  readonly resource: Resource;
  /** Whether this request started the run, or met one that was there. */
  readonly isNew: boolean;
}

export interface ListQuery {
  readonly location: string;
  readonly limit: number;
  readonly after?: string | undefined;
  readonly phase?: string | undefined;
}

/**
 * Backups, or restores: running ones come from Temporal, ended ones from the location. Keeps no state. Throws
 * `unknown-location`, `not-found`, `already-exists`, `already-finished`, `still-running`, and what its parts throw.
 */
export class RunService<Resource extends RunResource> {
  readonly #kind: RunKindOf<Resource>;
  readonly #options: ServiceOptions;

  constructor(kind: RunKindOf<Resource>, options: ServiceOptions) {
    this.#kind = kind;
    this.#options = options;
  }

  /** Starts a run, or gives the one that the same request started before. */
  async create(key: RunKey, spec: Resource['spec']): Promise<Created<Resource>> {
    const { temporal, store, patienceMs } = this.#options;
    const digest = specDigest(spec);
    const [ended] = await Promise.all([
      this.#kind.read(store(key.location), key),
      temporal.requireWorkers(spec.cluster),
    ]);
    if (ended !== undefined) {
      // The location decides whether a name is taken, whatever Temporal remembers.
      requireSameSpec(ended, digest);
      return { resource: await this.get(key), isNew: false };
    }
    const memo: RunMemo = { specDigest: digest, spec };
    const { kind, workflow } = this.#kind;
    const outcome = await temporal.start({
      kind,
      workflow,
      workflowId: this.#kind.workflowId(key),
      name: key.name,
      cluster: spec.cluster,
      memo,
      input: {
        ...key,
        spec,
        specDigest: digest,
        ...(patienceMs === undefined ? {} : { patienceMs }),
      },
    });
    if (outcome.kind === 'refused') {
      throw failureOf(outcome.failure);
    }
    if (outcome.kind === 'running') {
      await this.#requireSame(key, digest);
    }
    const isNew = outcome.kind === 'accepted' || outcome.kind === 'pending';
    return { resource: await this.get(key), isNew };
  }

  /** A run, wherever it is. */
  async get(key: RunKey): Promise<Resource> {
    const store = this.#options.store(key.location);
    const described = await this.#describe(key);
    if (described?.status.name === 'RUNNING') {
      const running = await this.#running(key, described);
      if (!isEndPhase(running.status.phase)) {
        return running;
      }
      // Its record is written, and it is about to close: the record says more.
    }
    const ended = await this.#kind.read(store, key);
    if (ended !== undefined) {
      return this.#withDeletion(key, this.#linked(ended, described));
    }
    if (described === undefined) {
      throw this.#notFound(key);
    }
    return this.#lost(key, described);
  }

  /** Like `get`, after waiting for the run's end for at most the time given. */
  async wait(key: RunKey, waitMs: number): Promise<Resource> {
    const resource = await this.get(key);
    if (isEndPhase(resource.status.phase)) {
      return resource;
    }
    const timer = timeout(waitMs, undefined);
    const handle = this.#options.temporal.client.workflow.getHandle(this.#kind.workflowId(key));
    // How the run ended is read below; here only that it did.
    const end = handle.result().catch(() => undefined);
    await Promise.race([end, timer.promise]);
    timer.cancel();
    return this.get(key);
  }

  /** One page of runs in the order of their names, running ones in their places. */
  async list(query: ListQuery): Promise<ResourceList<Resource>> {
    const { location, limit, after = '', phase } = query;
    const store = this.#options.store(location);
    const [ended, running] = await Promise.all([
      this.#kind.list(store, location, { after, limit }),
      this.#listRunning(location),
    ]);
    const byName = new Map(ended.items.map((resource) => [resource.metadata.name, resource]));
    for (const resource of running) {
      const { name } = resource.metadata;
      if (name > after && (ended.next === undefined || name <= ended.next)) {
        byName.set(name, resource);
      }
    }
    const all = [...byName.values()].sort(byNameOrder);
    const page = all.slice(0, limit);
    const last = all.length > limit ? page.at(-1)?.metadata.name : ended.next;
    return {
      apiVersion: API_VERSION,
      kind: `${this.#kind.kind}List`,
      metadata: last === undefined ? {} : { continue: Buffer.from(last).toString('base64url') },
      items: page.filter((resource) => phase === undefined || resource.status.phase === phase),
    };
  }

  /** Asks a run to end; how it ends is seen by looking at it. */
  async cancel(key: RunKey): Promise<Resource> {
    const resource = await this.get(key);
    if (isEndPhase(resource.status.phase)) {
      const { kind } = this.#kind;
      throw new Failure('already-finished', `the ${kind.toLowerCase()} ${key.name} has ended`);
    }
    const { temporal } = this.#options;
    const handle = temporal.client.workflow.getHandle(this.#kind.workflowId(key));
    await temporal.call(() => handle.cancel());
    return resource;
  }

  /** Starts the deletion of an ended run, or joins the one that is under way. */
  async delete(key: RunKey): Promise<Resource> {
    const resource = await this.get(key);
    const { kind } = this.#kind;
    if (resource.status.phase !== 'Deleting' && !isEndPhase(resource.status.phase)) {
      const detail = `the ${kind.toLowerCase()} ${key.name} has not ended; cancel it first`;
      throw new Failure('still-running', detail);
    }
    const { temporal, patienceMs } = this.#options;
    await temporal.requireWorkers(resource.spec.cluster);
    const { cluster } = resource.spec;
    const input: DeleteInput = {
      kind,
      ...key,
      cluster,
      ...(patienceMs === undefined ? {} : { patienceMs }),
    };
    await temporal.call(() =>
      temporal.client.workflow.start(DELETE_WORKFLOW, {
        workflowId: deleteWorkflowId(kind, key),
        taskQueue: WORKFLOW_TASK_QUEUE,
        args: [input],
        workflowIdConflictPolicy: 'USE_EXISTING',
        staticSummary: `Delete ${kind.toLowerCase()} ${key.name}`,
      }),
    );
    return { ...resource, status: { ...resource.status, phase: 'Deleting' } };
  }

  async #requireSame(key: RunKey, digest: string): Promise<void> {
    const described = await this.#describe(key);
    if (described !== undefined && memoOf(described)?.specDigest !== digest) {
      const { kind } = this.#kind;
      const text = `a ${kind.toLowerCase()} ${key.name} with another spec is under way; choose another name`;
      throw new Failure('already-exists', text, { subject: 'metadata.name' });
    }
  }

  /** Temporal may be away: what has ended is in the location all the same. */
  async #describe(key: RunKey): Promise<WorkflowExecutionDescription | undefined> {
    try {
      return await this.#options.temporal.describe(this.#kind.workflowId(key));
    } catch (error) {
      const isEnded = await this.#kind.read(this.#options.store(key.location), key);
      if (isEnded === undefined) {
        throw error;
      }
      return undefined;
    }
  }

  async #running(key: RunKey, described: WorkflowExecutionDescription): Promise<Resource> {
    const pending = described.raw.pendingActivities ?? [];
    const status = runningStatus(described, await this.#query(described), pending);
    return this.#live(key, described, status);
  }

  async #query({ workflowId, runId }: RunInfo): Promise<RunStatus | undefined> {
    const { temporal } = this.#options;
    try {
      const handle = temporal.client.workflow.getHandle(workflowId, runId);
      return await temporal.call(() => handle.query(runStatusQuery), QUERY_TIMEOUT_MS);
    } catch {
      // No worker answers; what the server knows by itself has to do.
      return undefined;
    }
  }

  /** A run that ended and left nothing in the location: refused, or failed before it could. */
  async #lost(key: RunKey, described: WorkflowExecutionDescription): Promise<Resource> {
    const failure = await this.#failureOf(described);
    const { name: ending } = described.status;
    if (ending === 'COMPLETED') {
      throw this.#notFound(key);
    }
    const isRefused = failure !== undefined && FAILURE_CODES[failure.code].type === 'Refused';
    const failed: Phase = isRefused ? 'FailedValidation' : 'Failed';
    return this.#live(key, described, {
      phase: ending === 'CANCELLED' ? 'Cancelled' : failed,
      startTimestamp: described.startTime.toISOString(),
      ...(described.closeTime === undefined
        ? {}
        : { completionTimestamp: described.closeTime.toISOString() }),
      progress: { itemsDone: 0, itemsTotal: 0 },
      warnings: 0,
      errors: 1,
      ...(failure === undefined ? {} : { failure }),
    });
  }

  async #failureOf({ workflowId, runId }: RunInfo): Promise<FailureReport | undefined> {
    const { temporal } = this.#options;
    try {
      await temporal.call(() => temporal.client.workflow.getHandle(workflowId, runId).result());
    } catch (error) {
      for (let part: unknown = error; part instanceof Error; part = part.cause) {
        const report = part instanceof ApplicationFailure ? asReport(part.details?.[0]) : undefined;
        if (report !== undefined) {
          return report;
        }
      }
      return error instanceof WorkflowFailedError
        ? { code: 'internal', message: 'the run ended without a result' }
        : undefined;
    }
    return undefined;
  }

  #live(key: RunKey, info: RunInfo, status: Resource['status']): Resource {
    const metadata = {
      name: key.name,
      uid: info.runId,
      location: key.location,
      creationTimestamp: info.startTime.toISOString(),
    };
    // Runs are started with their spec in the memo, by this service alone.
    const spec = memoOf(info)?.spec as Resource['spec'];
    return this.#kind.live(metadata, spec, { ...status, temporal: this.#link(info) });
  }

  /** An ended run, with where to watch it while Temporal remembers that very run. */
  #linked(resource: Resource, described: WorkflowExecutionDescription | undefined): Resource {
    return described?.runId === resource.metadata.uid
      ? { ...resource, status: { ...resource.status, temporal: this.#link(described) } }
      : resource;
  }

  async #withDeletion(key: RunKey, resource: Resource): Promise<Resource> {
    const { temporal } = this.#options;
    const id = deleteWorkflowId(this.#kind.kind, key);
    const deletion = await temporal.describe(id).catch(() => undefined);
    return deletion?.status.name === 'RUNNING'
      ? { ...resource, status: { ...resource.status, phase: 'Deleting' } }
      : resource;
  }

  #link({ workflowId, runId }: RunInfo): TemporalLink {
    const { temporal, uiUrl } = this.#options;
    const { namespace } = temporal;
    const path = `namespaces/${namespace}/workflows/${encodeURIComponent(workflowId)}/${runId}/history`;
    return {
      namespace,
      workflowId,
      runId,
      ...(uiUrl === undefined ? {} : { url: `${uiUrl}/${path}` }),
    };
  }

  async #listRunning(location: string): Promise<Resource[]> {
    const { temporal } = this.#options;
    const prefix = this.#kind.workflowId({ location, name: '' });
    const query = `WorkflowType = '${this.#kind.workflow}' AND ExecutionStatus = 'Running' AND WorkflowId STARTS_WITH '${prefix}'`;
    return temporal.call(async () => {
      const running: Resource[] = [];
      for await (const info of temporal.client.workflow.list({ query })) {
        const key = { location, name: info.workflowId.slice(prefix.length) };
        running.push(
          this.#live(key, info, { ...runningStatus(info, undefined, []), phase: phaseOf(info) }),
        );
        if (running.length === RUNNING_MAX) {
          break;
        }
      }
      return running;
    });
  }

  #notFound({ location, name }: RunKey): Failure {
    const kind = this.#kind.kind.toLowerCase();
    return new Failure('not-found', `location ${location} has no ${kind} named ${name}`);
  }
}

/** Throws `already-exists` when the name belongs to a run with another spec. */
function requireSameSpec({ kind, metadata, spec }: RunResource, digest: string): void {
  if (specDigest(spec) !== digest) {
    const text = `there is a ${kind.toLowerCase()} ${metadata.name} with another spec; choose another name`;
    throw new Failure('already-exists', text, { subject: 'metadata.name' });
  }
}

function memoOf(info: RunInfo): RunMemo | undefined {
  // Runs are started with this memo, by this service alone.
  return info.memo as RunMemo | undefined;
}

function failureOf({ code, message, subject }: FailureReport): Failure {
  return new Failure(code, message, subject === undefined ? {} : { subject });
}

function byNameOrder(left: RunResource, right: RunResource): number {
  return left.metadata.name < right.metadata.name ? -1 : 1;
}
