import type { WorkflowExecutionDescription } from '@temporalio/client';
import { WorkflowNotFoundError } from '@temporalio/client';

import type { RunResource } from '../../domain/api-resource.ts';
import { Failure, type FailureReport } from '../../domain/failure.ts';
import { isEndPhase, type Phase } from '../../domain/phase.ts';
import { deletionDetails, runDetails } from '../../domain/run-details.ts';
import type { PhaseChange, RunStatus } from '../../domain/run-status.ts';
import { requireWritable } from '../../domain/storage-location.ts';
import { deleteWorkflowId, type RunKey, WORKFLOW_TASK_QUEUE } from '../../domain/workflow-id.ts';
import {
  DELETE_WORKFLOW,
  type DeleteInput,
  type RunMemo,
  runStatusQuery,
} from '../../workflows/contract.ts';
import { requireDeletable } from './deletable.ts';
import type { RunKindOf } from './kinds.ts';
import { type ListedRuns, type ListQuery, listRuns } from './list.ts';
import { LiveRuns, memoOf, type RunSources } from './live.ts';
import { lostRun } from './lost.ts';
import { pluginCalls, runOperations } from './run-operations.ts';
import { type RunInfo, runningStatus } from './running.ts';
import { SharedLooks } from './shared-looks.ts';
import { SharedWaits } from './shared-waits.ts';
import { specDigest } from './spec.ts';
import { volumeBatches } from './volume-batches.ts';

/** Longest that one wait for the end of a run takes, whoever else joins it. */
const SHARED_WAIT_MS = 30_000;
/** Nobody in particular waits. */
const NOBODY_LEAVES = new AbortController().signal;

/** How long a run's workflow is waited for when it is asked where it is. */
const QUERY_TIMEOUT_MS = 1000;

/** Phases after the commit has begun. */
const FINAL_PHASES: ReadonlySet<Phase> = new Set(['Finalizing', 'FinalizingPartiallyFailed']);

export interface Created<Resource> {
  readonly resource: Resource;
  /** Whether this request started the run, or met one that was there. */
  readonly isNew: boolean;
}

export interface Wait {
  readonly waitMs: number;
  /** Aborted when the client has gone. */
  readonly signal: AbortSignal;
  /** Whether the client takes nothing that was seen before it asked. */
  readonly isFresh: boolean;
}

/**
 * Backups, or restores: running ones come from Temporal, ended ones from the location. Keeps no state, but for some
 * seconds what it saw of a running one, for all who watch it. Throws
 * `unknown-location`, `location-read-only`, `not-found`, `already-exists`, `already-finished`, `still-running`,
 * `being-deleted`, `held`, `object-locked`, `location-owned`, and what its parts throw.
 */
export class RunService<Resource extends RunResource> {
  readonly #kind: RunKindOf<Resource>;
  readonly #options: RunSources;
  readonly #live: LiveRuns<Resource>;
  readonly #looks = new SharedLooks<Resource>(({ status }) => !isEndPhase(status.phase));
  readonly #waits = new SharedWaits();
  readonly #phases = new WeakMap<RunResource, readonly PhaseChange[]>();

  constructor(kind: RunKindOf<Resource>, options: RunSources) {
    this.#kind = kind;
    this.#options = options;
    this.#live = new LiveRuns(kind, options);
  }

  /** Starts a run, or gives the one that the same request started before. */
  async create(key: RunKey, spec: Resource['spec'], by?: string): Promise<Created<Resource>> {
    const { temporal, store, patienceMs, publicUrl } = this.#options;
    const digest = specDigest(spec);
    const [ended] = await Promise.all([
      this.#kind.read(store(key.location), key),
      temporal.requireWorkers(spec.cluster),
      this.#requireNoDeletion(key),
    ]);
    if (ended !== undefined) {
      // The location decides whether a name is taken, whatever Temporal remembers.
      requireSameSpec(ended, digest);
      return { resource: await this.#fresh(key), isNew: false };
    }
    const memo: RunMemo = { specDigest: digest, spec };
    const { kind, workflow } = this.#kind;
    if (kind === 'Backup') {
      requireWritable(this.#options.location(key.location));
    }
    const outcome = await temporal.start({
      kind,
      workflow,
      workflowId: this.#kind.workflowId(key),
      name: key.name,
      cluster: spec.cluster,
      memo,
      details: runDetails({ kind, ...key, spec, by, publicUrl }),
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
    if (outcome.kind === 'pending') {
      return { resource: await this.#pending(key), isNew: true };
    }
    if (outcome.kind === 'running') {
      await this.#requireSame(key, digest);
    }
    return { resource: await this.#fresh(key), isNew: outcome.kind === 'accepted' };
  }

  /** A run, wherever it is; while it runs, as it was seconds ago at most. */
  get(key: RunKey, since?: number): Promise<Resource> {
    return this.#looks.look(this.#kind.workflowId(key), () => this.#look(key), since);
  }

  /** The phases of a run under way until it was looked at, as its workflow told them then. */
  phasesOf(seen: RunResource): readonly PhaseChange[] {
    return this.#phases.get(seen) ?? [];
  }

  /** As it is now, for those who change something. */
  #fresh(key: RunKey): Promise<Resource> {
    return this.get(key, performance.now());
  }

  async #look(key: RunKey): Promise<Resource> {
    const store = this.#options.store(key.location);
    const { described, isAway } = await this.#describe(key);
    if (described?.status.name === 'RUNNING') {
      const running = await this.#running(key, described);
      if (!isEndPhase(running.status.phase)) {
        return running;
      }
      // Its record is written, and it is about to close: the record says more.
    }
    const [ended, deletion] = await Promise.all([
      this.#kind.read(store, key),
      isAway ? undefined : this.#deletion(key),
    ]);
    if (ended !== undefined) {
      const linked = await this.#linked(ended, described);
      return deletion?.status.name === 'RUNNING' ? deleting(linked) : linked;
    }
    const sources = { live: this.#live, temporal: this.#options.temporal };
    const lost = described && (await lostRun(sources, key, { described, deletion }));
    if (lost === undefined) {
      throw this.#notFound(key);
    }
    return this.#live.dated(lost, described);
  }

  /**
   * Like `get`, after waiting for the end of the run, or of its deletion, for at most the time given, and no longer
   * than the client does.
   */
  async wait(key: RunKey, { waitMs, signal, isFresh }: Wait): Promise<Resource> {
    const resource = isFresh
      ? await this.#looks.next(this.#kind.workflowId(key), () => this.#look(key))
      : await this.get(key);
    const { phase } = resource.status;
    if (waitMs === 0 || isEndPhase(phase)) {
      return resource;
    }
    const { kind, workflowId } = this.#kind;
    const awaited = phase === 'Deleting' ? deleteWorkflowId(kind, key) : workflowId(key);
    const { temporal } = this.#options;
    const closed = (): Promise<void> =>
      temporal.closed(awaited, { waitMs: SHARED_WAIT_MS, signal: NOBODY_LEAVES });
    // What was seen before the end is not shown after it.
    const seen = await this.get(key, await this.#waits.join(awaited, closed, { waitMs, signal }));
    if (seen.metadata.uid !== resource.metadata.uid) {
      // Its name has gone to another one meanwhile.
      throw this.#notFound(key);
    }
    return seen;
  }

  /** One page of runs, running ones in their places. */
  list(query: ListQuery<Resource>): Promise<ListedRuns<Resource>> {
    return listRuns(this.#kind, this.#options, query);
  }

  /** Asks a run to end; how it ends is seen by looking at it. */
  async cancel(key: RunKey): Promise<Resource> {
    const resource = await this.#fresh(key);
    const { phase, temporal: link } = resource.status;
    if (isEndPhase(phase) || phase === 'Deleting') {
      throw this.#finished(key, 'has ended');
    }
    if (FINAL_PHASES.has(phase)) {
      throw this.#finished(key, 'is writing its record and cannot be cancelled any more');
    }
    const { temporal } = this.#options;
    const handle = temporal.client.workflow.getHandle(this.#kind.workflowId(key), link?.runId);
    try {
      await temporal.call(() => handle.cancel());
    } catch (error) {
      // It closed after it was looked at.
      throw error instanceof WorkflowNotFoundError ? this.#finished(key, 'has ended') : error;
    } finally {
      this.#looks.forget(this.#kind.workflowId(key));
    }
    return resource;
  }

  /** Starts the deletion of an ended run, or joins the one that is under way; refuses what the deletion would refuse. */
  async delete(key: RunKey, by?: string): Promise<Resource> {
    const resource = await this.#fresh(key);
    const { kind } = this.#kind;
    if (resource.status.phase !== 'Deleting' && !isEndPhase(resource.status.phase)) {
      const detail = `the ${kind.toLowerCase()} ${key.name} has not ended; cancel it first`;
      throw new Failure('still-running', detail);
    }
    requireWritable(this.#options.location(key.location));
    if (resource.kind === 'Backup') {
      await requireDeletable(this.#options, key, resource.status.hold);
    }
    const { temporal, patienceMs } = this.#options;
    await temporal.requireWorkers(resource.spec.cluster);
    const { cluster } = resource.spec;
    const input: DeleteInput = {
      kind,
      ...key,
      // What is deleted is the run that was looked at, and never a later one of its name.
      runUid: resource.metadata.uid,
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
        staticDetails: deletionDetails({ kind, ...key, cluster, by }),
      }),
    );
    this.#looks.forget(this.#kind.workflowId(key));
    return deleting(resource);
  }

  /** While a deletion is under way the name is not free, whatever it has removed already. */
  async #requireNoDeletion(key: RunKey): Promise<void> {
    const { kind } = this.#kind;
    const deletion = await this.#deletion(key);
    if (deletion?.status.name === 'RUNNING') {
      const text = `the deletion of the ${kind.toLowerCase()} ${key.name} is under way; send the request again when it is gone`;
      throw new Failure('being-deleted', text, { subject: 'metadata.name' });
    }
  }

  /** A run whose start was sent and whose open step has not answered. */
  async #pending(key: RunKey): Promise<Resource> {
    try {
      return await this.#fresh(key);
    } catch (error) {
      if (error instanceof Failure && error.code === 'not-found') {
        const text =
          'Temporal does not say whether the run has started; send the same request again';
        throw new Failure('temporal-unreachable', text, { cause: error });
      }
      throw error;
    }
  }

  #deletion(key: RunKey): Promise<WorkflowExecutionDescription | undefined> {
    return this.#options.temporal.describe(deleteWorkflowId(this.#kind.kind, key));
  }

  async #requireSame(key: RunKey, digest: string): Promise<void> {
    const { described } = await this.#describe(key);
    if (described !== undefined && memoOf(described)?.specDigest !== digest) {
      const { kind } = this.#kind;
      const text = `a ${kind.toLowerCase()} ${key.name} with another spec is under way; choose another name`;
      throw new Failure('already-exists', text, { subject: 'metadata.name' });
    }
  }

  /** Temporal may be away: what has ended is in the location all the same. */
  async #describe(
    key: RunKey,
  ): Promise<{ described?: WorkflowExecutionDescription | undefined; isAway: boolean }> {
    try {
      const described = await this.#options.temporal.describe(this.#kind.workflowId(key));
      return { described, isAway: false };
    } catch (error) {
      const ended = await this.#kind.read(this.#options.store(key.location), key);
      if (ended === undefined) {
        throw error;
      }
      return { isAway: true };
    }
  }

  async #running(key: RunKey, described: WorkflowExecutionDescription): Promise<Resource> {
    const [status, batches, operations, plugins] = await Promise.all([
      this.#query(described),
      volumeBatches(this.#options.temporal, described),
      runOperations(this.#options.temporal, described),
      pluginCalls(this.#options.temporal, described),
    ]);
    const pending = described.raw.pendingActivities ?? [];
    const running = runningStatus(described, { status, pending, batches, plugins, operations });
    const resource = this.#live.resource(key, described, running);
    this.#phases.set(resource, status?.phases ?? []);
    return resource;
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

  /** An ended run, with where to watch it while Temporal remembers that very run. */
  async #linked(
    resource: Resource,
    described: WorkflowExecutionDescription | undefined,
  ): Promise<Resource> {
    if (described?.runId !== resource.metadata.uid) {
      return resource;
    }
    const status = { ...resource.status, temporal: this.#live.link(described) };
    return this.#live.dated({ ...resource, status }, described);
  }

  #finished({ name }: RunKey, how: string): Failure {
    return new Failure('already-finished', `the ${this.#kind.kind.toLowerCase()} ${name} ${how}`);
  }

  #notFound({ location, name }: RunKey): Failure {
    const kind = this.#kind.kind.toLowerCase();
    return new Failure('not-found', `location ${location} has no ${kind} named ${name}`);
  }
}

/** Throws `already-exists` when the name belongs to a run with another spec. */
export function requireSameSpec({ kind, metadata, spec }: RunResource, digest: string): void {
  if (specDigest(spec) !== digest) {
    const text = `there is a ${kind.toLowerCase()} ${metadata.name} with another spec; choose another name`;
    throw new Failure('already-exists', text, { subject: 'metadata.name' });
  }
}

function deleting<Resource extends RunResource>(resource: Resource): Resource {
  return { ...resource, status: { ...resource.status, phase: 'Deleting' } };
}

/** A failure as it came out of Temporal, to be thrown. */
export function failureOf({ code, message, subject, errors }: FailureReport): Failure {
  return new Failure(code, message, {
    ...(subject === undefined ? {} : { subject }),
    ...(errors === undefined ? {} : { errors }),
  });
}
