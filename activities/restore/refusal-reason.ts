import type { Failure } from '../../domain/failure.ts';
import type { KubernetesObject, ResourceType } from '../../domain/item.ts';
import { isSecretType } from '../../domain/mask-secret.ts';
import { Refusal } from '../kubernetes/errors.ts';
import { withoutSecretValues } from './secret-words.ts';

/** Characters of a server's message that a reason holds. */
const SERVER_MESSAGE_MAX = 1000;
const INVALID = 422;

/** What a reason is about. */
interface Refused {
  readonly type: ResourceType;
  /** As it is wanted, and as it is in the cluster, as far as they are known. */
  readonly objects: readonly KubernetesObject[];
}

/**
 * Why one item failed, for the report in the location: with what the API server or a webhook said. Of a Secret that
 * is invalid only the fields are told, because the message quotes their values; what a webhook says of one is told
 * without its values, and not at all where they are not known.
 */
export function failureReason({ type, objects }: Refused, failure: Failure): string {
  const { code, message, serverMessage } = failure;
  const isSecret = isSecretType(type);
  const isQuoting = isSecret && (isInvalid(failure) || objects.length === 0);
  if (serverMessage === undefined || isQuoting) {
    return `${code}: ${message}`;
  }
  const said = isSecret ? withoutSecretValues(serverMessage, objects) : serverMessage;
  return `${code}: ${message}: ${said.slice(0, SERVER_MESSAGE_MAX)}`;
}

/**
 * Whether the API server itself refused what was asked for, such as the change of an immutable field. A webhook or a
 * policy may deny with the same status, and might let no new object in either.
 */
export function isInvalid(error: unknown): error is Refusal {
  return error instanceof Refusal && error.status === INVALID && !error.isDenial;
}
