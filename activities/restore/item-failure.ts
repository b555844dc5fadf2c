import { Failure, type FailureCode } from '../../domain/failure.ts';
import { Refusal } from '../kubernetes/errors.ts';
import type { Cluster } from '../kubernetes/port.ts';

/** What failed at one object, which the others need not wait for. */
export interface ItemFailure {
  readonly failure: Failure;
  /** Another try may do better. */
  readonly isPassing: boolean;
  /** What serves or admits the object is away, so that its neighbours would fail as well. */
  readonly isAway: boolean;
}

const CONFLICT = 409;

/** Failures of one object. */
const ITEM_CODES: ReadonlySet<string> = new Set([
  ...['cluster-rejected', 'cluster-forbidden', 'not-found'],
]);
/** Failures that pass when a webhook starts, or an API server of one group comes back. */
const PASSING_CODES: ReadonlySet<string> = new Set(['cluster-failed', 'cluster-unreachable']);

/** Whether another try may do better, if the cluster itself is there. */
export function isPassingFailure(error: unknown): error is Failure {
  return error instanceof Failure && PASSING_CODES.has(error.code);
}

/**
 * What a failure means for the one object that was asked about. Throws what concerns all of them: a cluster that does
 * not even say who it is is away itself, throttles everything, or knows the worker no more.
 */
export async function itemFailure(
  error: unknown,
  cluster: Pick<Cluster, 'identity'>,
): Promise<ItemFailure> {
  if (isPassingFailure(error) || isThrottled(error)) {
    await cluster.identity();
    const isAway = !(error instanceof Refusal && error.status === CONFLICT);
    return { failure: withCode('cluster-failed', error), isPassing: true, isAway };
  }
  if (error instanceof Failure && error.code === 'cluster-unauthenticated') {
    // The server of one aggregated API may not know the worker, where the cluster does.
    await cluster.identity();
    return { failure: withCode('cluster-rejected', error), isPassing: false, isAway: false };
  }
  if (error instanceof Failure && ITEM_CODES.has(error.code)) {
    return { failure: error, isPassing: false, isAway: false };
  }
  throw error;
}

/** The client has asked again already, as often as is polite; what asks for patience may be one webhook or one type. */
function isThrottled(error: unknown): error is Failure {
  return error instanceof Failure && error.code === 'throttled';
}

function withCode(code: FailureCode, { message, serverMessage }: Failure): Failure {
  return new Failure(code, message, serverMessage === undefined ? {} : { serverMessage });
}
