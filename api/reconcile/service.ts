import {
  type WorkflowExecutionDescription,
  WorkflowExecutionAlreadyStartedError,
} from '@temporalio/client';

import { API_VERSION } from '../../domain/api-resource.ts';
import { Failure } from '../../domain/failure.ts';
import { type FoundOrphans, ORPHAN_KINDS } from '../../domain/orphan.ts';
import type { ReconciliationResource } from '../../domain/reconciliation.ts';
import { code } from '../../domain/run-details.ts';
import { requireWritable } from '../../domain/storage-location.ts';
import { reconcileWorkflowId, WORKFLOW_TASK_QUEUE } from '../../domain/workflow-id.ts';
import { requireOwn } from '../../storage/location-owner.ts';
import { RECONCILE_WORKFLOW, type ReconcileInput } from '../../workflows/contract.ts';
import type { RunSources } from '../runs/live.ts';
import { runFailure } from '../runs/lost.ts';
import { translated } from '../runs/temporal-errors.ts';

/** What is looked through, and whose runs have left it. */
export interface ReconciliationKey {
  readonly location: string;
  readonly cluster: string;
}

/**
 * Looks for what dead runs have left: one at a time for a location and a cluster, and Temporal remembers the last. Throws
 * `unknown-location`, `no-worker`, `still-running` and `not-found`.
 */
export class ReconcileService {
  readonly #sources: RunSources;

  constructor(sources: RunSources) {
    this.#sources = sources;
  }

  /** Starts one, or joins one that does the same. Throws `location-read-only` and `location-owned` where it would remove. */
  async create(
    { location, cluster }: ReconciliationKey,
    removal: ReconcileInput['removal'],
  ): Promise<ReconciliationResource> {
    const { temporal, store, patienceMs } = this.#sources;
    // Throws for a location that is not there.
    const files = store(location);
    if (removal !== 'None') {
      requireWritable(this.#sources.location(location));
      await requireOwn(files, { location, installation: await temporal.installation() });
    }
    await temporal.requireWorkers(cluster);
    const input: ReconcileInput = {
      ...{ location, cluster, removal },
      ...(patienceMs === undefined ? {} : { patienceMs }),
    };
    try {
      await temporal.client.withDeadline(Date.now() + START_TIMEOUT_MS, () =>
        temporal.client.workflow.start(RECONCILE_WORKFLOW, {
          workflowId: reconcileWorkflowId(location, cluster),
          taskQueue: WORKFLOW_TASK_QUEUE,
          args: [input],
          memo: { removal },
          staticSummary: `What dead runs of cluster ${cluster} have left in location ${location}`,
          staticDetails: `Removes: ${code(removal)}`,
        }),
      );
    } catch (error) {
      if (!(error instanceof WorkflowExecutionAlreadyStartedError)) {
        throw translated(error);
      }
    }
    const resource = await this.get({ location, cluster });
    if (resource.status.phase === 'InProgress' && resource.spec.removal !== removal) {
      const text = `location ${location} is being looked through without the same removal; wait for the end of that`;
      throw new Failure('still-running', text);
    }
    return resource;
  }

  /** The last one of a location and a cluster. */
  async get(key: ReconciliationKey): Promise<ReconciliationResource> {
    const { location, cluster } = key;
    const described = await this.#sources.temporal.describe(reconcileWorkflowId(location, cluster));
    if (described === undefined) {
      const text = `nobody has looked for what runs of cluster ${cluster} have left in location ${location}`;
      throw new Failure('not-found', text, { subject: location });
    }
    // It is written by this service alone.
    const { removal = 'None' } = (described.memo ?? {}) as Partial<ReconcileInput>;
    return {
      ...{ apiVersion: API_VERSION, kind: 'Reconciliation' },
      metadata: {
        location,
        uid: described.runId,
        creationTimestamp: described.startTime.toISOString(),
      },
      spec: { cluster, removal },
      status: await this.#status(described),
    };
  }

  async #status({
    workflowId,
    runId,
    status,
  }: WorkflowExecutionDescription): Promise<ReconciliationResource['status']> {
    if (status.name === 'RUNNING') {
      return { phase: 'InProgress' };
    }
    const { temporal } = this.#sources;
    try {
      const handle = temporal.client.workflow.getHandle(workflowId, runId);
      // The workflow is our own.
      const found = (await temporal.call(() => handle.result())) as FoundOrphans;
      const orphans = found.orphans.map((orphan) => {
        const removal = ORPHAN_KINDS[orphan.kind];
        return { ...orphan, ...(removal === undefined ? {} : { removal }) };
      });
      return { phase: 'Completed', ...found, orphans };
    } catch (error) {
      const failure = runFailure(error);
      if (failure === undefined) {
        throw error;
      }
      return { phase: 'Failed', failure };
    }
  }
}

const START_TIMEOUT_MS = 5000;
