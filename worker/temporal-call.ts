import {
  type Client,
  isGrpcServiceError,
  ServiceError,
  WorkflowUpdateRPCTimeoutOrCancelledError,
} from '@temporalio/client';

import { Failure } from '../domain/failure.ts';

/** Longest that one call may take, retries of the client included. */
const CALL_TIMEOUT_MS = 10_000;
/** Status codes of gRPC that no other attempt changes. */
const FORBIDDEN_CODES: ReadonlySet<number> = new Set([7, 16]);

/**
 * Runs a call of a client with a deadline. Throws `temporal-forbidden` and `temporal-unreachable` for failures of the
 * connection; what Temporal says about a workflow stays what it is.
 */
export async function callTemporal<Result>(
  client: Client,
  run: () => Promise<Result>,
): Promise<Result> {
  try {
    return await client.withDeadline(Date.now() + CALL_TIMEOUT_MS, run);
  } catch (error) {
    throw translated(error);
  }
}

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
