import {
  Client,
  WithStartWorkflowOperation,
  type WorkflowExecutionStatusName,
  WorkflowNotFoundError,
  WorkflowUpdateFailedError,
} from '@temporalio/client';
import { ApplicationFailure } from '@temporalio/common';
import type { NativeConnection } from '@temporalio/worker';

import type { Leases, RepositoryOf } from '../activities/volumes/lease-port.ts';
import { Failure, type FailureReport } from '../domain/failure.ts';
import { code } from '../domain/run-details.ts';
import type { LeaseAnswer, LeaseHolder, LeaseRequest } from '../domain/volumes/lease-table.ts';
import {
  type RepositoryKey,
  repositoryWorkflowId,
  WORKFLOW_TASK_QUEUE,
} from '../domain/workflow-id.ts';
import {
  acquireLeaseUpdate,
  LEASE_KNOWN,
  releaseLeaseSignal,
  REPOSITORY_WORKFLOW,
  type RepositoryInput,
} from '../workflows/contract.ts';
import { callTemporal } from './temporal-call.ts';

const CLOSED: ReadonlySet<WorkflowExecutionStatusName> = new Set([
  ...(['COMPLETED', 'FAILED', 'CANCELLED'] as const),
  ...(['TERMINATED', 'CONTINUED_AS_NEW', 'TIMED_OUT'] as const),
]);

/** The workflows of repositories as they run in Temporal. */
export class TemporalLeases implements Leases {
  readonly #client: Client;

  constructor(connected: { readonly connection: NativeConnection; readonly namespace: string }) {
    this.#client = new Client(connected);
  }

  async acquire(repository: RepositoryOf, request: LeaseRequest): Promise<LeaseAnswer> {
    const { location, clusterUid, namespace, cluster } = repository;
    const input: RepositoryInput = { location, clusterUid, namespace, cluster };
    const startWorkflowOperation = new WithStartWorkflowOperation(REPOSITORY_WORKFLOW, {
      workflowId: repositoryWorkflowId(repository),
      taskQueue: WORKFLOW_TASK_QUEUE,
      args: [input],
      workflowIdConflictPolicy: 'USE_EXISTING',
      staticSummary: `Repository of namespace ${namespace} in location ${location}`,
      staticDetails: `Keeps who may use the repository, and maintains it. Cluster ${code(cluster)}, ${code(clusterUid)}`,
    });
    try {
      return await callTemporal(this.#client, () =>
        this.#client.workflow.executeUpdateWithStart(acquireLeaseUpdate, {
          startWorkflowOperation,
          args: [request],
        }),
      );
    } catch (error) {
      return knownAnswer(error);
    }
  }

  async release(repository: RepositoryKey, leaseId: string): Promise<void> {
    const handle = this.#client.workflow.getHandle(repositoryWorkflowId(repository));
    try {
      await callTemporal(this.#client, () => handle.signal(releaseLeaseSignal, leaseId));
    } catch (error) {
      if (!(error instanceof WorkflowNotFoundError)) {
        throw error;
      }
    }
  }

  async isClosed({ workflowId, runId }: LeaseHolder): Promise<boolean> {
    const handle = this.#client.workflow.getHandle(workflowId, runId);
    try {
      const { status } = await callTemporal(this.#client, () => handle.describe());
      return CLOSED.has(status.name);
    } catch (error) {
      if (error instanceof WorkflowNotFoundError) {
        return true;
      }
      throw error;
    }
  }
}

/** The answer of a repository that has nothing to change. Throws what else an update says. */
function knownAnswer(error: unknown): LeaseAnswer {
  const cause = error instanceof WorkflowUpdateFailedError ? error.cause : undefined;
  if (!(cause instanceof ApplicationFailure)) {
    throw error;
  }
  const detail: unknown = cause.details?.[0];
  if (cause.type === LEASE_KNOWN) {
    // The workflow of the repository is our own.
    return detail as LeaseAnswer;
  }
  const { code, message } = detail as FailureReport;
  throw new Failure(code, message, { cause });
}
