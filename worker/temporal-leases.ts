import {
  Client,
  isGrpcServiceError,
  ServiceError,
  WithStartWorkflowOperation,
  type WorkflowExecutionStatusName,
  WorkflowNotFoundError,
  WorkflowUpdateFailedError,
  WorkflowUpdateRPCTimeoutOrCancelledError,
} from '@temporalio/client';
import { ApplicationFailure } from '@temporalio/common';
import type { NativeConnection } from '@temporalio/worker';

import type { Leases, RepositoryOf } from '../activities/volumes/lease-port.ts';
import { Failure, type FailureReport } from '../domain/failure.ts';
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

/** Longest that one call may take, retries of the client included. */
const CALL_TIMEOUT_MS = 10_000;
/** Status codes of gRPC that no other attempt changes. */
const FORBIDDEN_CODES: ReadonlySet<number> = new Set([7, 16]);

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
    });
    try {
      return await this.#call(() =>
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
      await this.#call(() => handle.signal(releaseLeaseSignal, leaseId));
    } catch (error) {
      if (!(error instanceof WorkflowNotFoundError)) {
        throw error;
      }
    }
  }

  async isClosed({ workflowId, runId }: LeaseHolder): Promise<boolean> {
    const handle = this.#client.workflow.getHandle(workflowId, runId);
    try {
      const { status } = await this.#call(() => handle.describe());
      return CLOSED.has(status.name);
    } catch (error) {
      if (error instanceof WorkflowNotFoundError) {
        return true;
      }
      throw error;
    }
  }

  /** Runs a call with a deadline and translates the failures of the connection. */
  async #call<Result>(run: () => Promise<Result>): Promise<Result> {
    try {
      return await this.#client.withDeadline(Date.now() + CALL_TIMEOUT_MS, run);
    } catch (error) {
      throw translated(error);
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

/** Failures of the connection become ours; what Temporal says about a workflow stays what it is. */
function translated(error: unknown): unknown {
  if (error instanceof WorkflowUpdateRPCTimeoutOrCancelledError) {
    const text = 'the workflow of a repository does not answer; see whether workers run workflows';
    return new Failure('temporal-unreachable', text, { cause: error });
  }
  const status = error instanceof ServiceError ? error.cause : error;
  if (!isGrpcServiceError(status)) {
    return error;
  }
  return FORBIDDEN_CODES.has(status.code)
    ? new Failure('temporal-forbidden', 'Temporal refuses access', { cause: error })
    : new Failure('temporal-unreachable', 'Temporal does not answer', { cause: error });
}
