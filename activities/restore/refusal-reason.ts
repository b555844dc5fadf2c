import type { Failure } from '../../domain/failure.ts';
import { groupResource, type ResourceType } from '../../domain/item.ts';
import { Refusal } from '../kubernetes/errors.ts';

/** Characters of a server's message that a reason holds. */
const SERVER_MESSAGE_MAX = 1000;
const INVALID = 422;

/**
 * Why one item failed, for the report in the location: with what the API server or a webhook said. Of a secret that
 * is invalid only the fields are told, because the message quotes their values.
 */
export function failureReason(type: ResourceType, failure: Failure): string {
  const { code, message, serverMessage } = failure;
  const isQuoting = groupResource(type) === 'secrets' && isInvalid(failure);
  return serverMessage === undefined || isQuoting
    ? `${code}: ${message}`
    : `${code}: ${message}: ${serverMessage.slice(0, SERVER_MESSAGE_MAX)}`;
}

/**
 * Whether the API server itself refused what was asked for, such as the change of an immutable field. A webhook or a
 * policy may deny with the same status, and might let no new object in either.
 */
export function isInvalid(error: unknown): error is Refusal {
  return error instanceof Refusal && error.status === INVALID && !error.isDenial;
}
