import {
  isGrpcServiceError,
  ServiceError,
  WorkflowUpdateRPCTimeoutOrCancelledError,
} from '@temporalio/client';
import { NamespaceNotFoundError } from '@temporalio/common';

import { Failure, type FailureCode } from '../../domain/failure.ts';

/** Status codes of gRPC that are told apart. */
const GRPC = {
  cancelled: 1,
  unknown: 2,
  invalidArgument: 3,
  deadlineExceeded: 4,
  permissionDenied: 7,
  resourceExhausted: 8,
  aborted: 10,
  internal: 13,
  unavailable: 14,
  dataLoss: 15,
  unauthenticated: 16,
} as const;

const AWAY = { code: 'temporal-unreachable', text: 'Temporal does not answer; try again' } as const;
const FORBIDDEN = {
  code: 'temporal-forbidden',
  text: "Temporal refuses access; check the API's key or certificate and the namespace that it may use",
} as const;
const THROTTLED = { code: 'throttled', text: 'Temporal asks for patience; try again' } as const;

const FAILURES: Readonly<Record<number, { code: FailureCode; text: string }>> = {
  [GRPC.cancelled]: AWAY,
  [GRPC.unknown]: AWAY,
  [GRPC.deadlineExceeded]: AWAY,
  [GRPC.aborted]: AWAY,
  [GRPC.internal]: AWAY,
  [GRPC.unavailable]: AWAY,
  [GRPC.dataLoss]: AWAY,
  [GRPC.resourceExhausted]: THROTTLED,
  [GRPC.permissionDenied]: FORBIDDEN,
  [GRPC.unauthenticated]: FORBIDDEN,
};

/** Failures of the connection become ours; what Temporal says about a workflow or a request stays what it is. */
export function translated(error: unknown): unknown {
  if (error instanceof NamespaceNotFoundError) {
    const text = `Temporal has no namespace ${error.namespace}; correct TEMPORAL_NAMESPACE`;
    return new Failure('temporal-forbidden', text, { subject: error.namespace, cause: error });
  }
  const code = grpcCode(error);
  // A connection that was never made has no status.
  const isUnmade = code === undefined && error instanceof ServiceError;
  const failure = isUnmade ? AWAY : FAILURES[code ?? 0];
  return failure === undefined ? error : new Failure(failure.code, failure.text, { cause: error });
}

/** Whether the server does not take a field of the request, such as a search attribute that it does not know. */
export function isInvalidArgument(error: unknown): boolean {
  return grpcCode(error) === GRPC.invalidArgument;
}

/** Whether an update was not answered in time; what it was sent to may be there all the same. */
export function isUpdateTimeout(error: unknown): boolean {
  return error instanceof WorkflowUpdateRPCTimeoutOrCancelledError;
}

function grpcCode(error: unknown): number | undefined {
  const cause = error instanceof ServiceError ? error.cause : error;
  return isGrpcServiceError(cause) ? cause.code : undefined;
}
