import { hash, randomBytes } from 'node:crypto';

import { Failure } from '../../domain/failure.ts';
import type { NewRunMetadata } from '../../domain/run-metadata.ts';

/** Characters that make a generated name one of its own. */
const SUFFIX_LENGTH = 12;

/** What a request says about which run it means. */
interface NamedRequest {
  readonly metadata: NewRunMetadata;
  /** `Idempotency-Key`. */
  readonly key: string | undefined;
  /** Whose key it is, and for what: keys of others, and for other things, are other keys. */
  readonly scope: readonly string[];
}

/**
 * The name of the run that a request means. One with a key gives the same name each time, so that the name keeps what
 * others would keep a store of keys for. Throws `invalid-request` for a key beside a name, which is a key itself.
 */
export function newRunName({ metadata, key, scope }: NamedRequest): string {
  const { name, generateName = '' } = metadata;
  if (name !== undefined) {
    if (key !== undefined) {
      const text =
        'Idempotency-Key goes with metadata.generateName; a name is the key of its request';
      throw new Failure('invalid-request', text, { subject: 'idempotency-key' });
    }
    return name;
  }
  const suffix =
    key === undefined
      ? randomBytes(SUFFIX_LENGTH / 2).toString('hex')
      : hash('sha256', JSON.stringify([...scope, key]), 'hex').slice(0, SUFFIX_LENGTH);
  return `${generateName}${suffix}`;
}

/** Starts a run by a key, whose other requests are not those of a name. Throws `idempotency-key-reused`. */
export async function startedByKey<Result>(
  key: string | undefined,
  start: () => Promise<Result>,
): Promise<Result> {
  try {
    return await start();
  } catch (error) {
    if (key !== undefined && error instanceof Failure && error.code === 'already-exists') {
      const text =
        'an earlier request with this Idempotency-Key asked for something else; send another key';
      throw new Failure('idempotency-key-reused', text, {
        subject: 'idempotency-key',
        cause: error,
      });
    }
    throw error;
  }
}
