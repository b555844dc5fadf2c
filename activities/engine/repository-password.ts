import { hkdfSync } from 'node:crypto';

import { Failure } from '../../domain/failure.ts';
import { repositoryPasswordInfo } from '../../domain/volumes/repository.ts';

const MASTER_KEY = /^[0-9a-f]{64}$/i;
const PASSWORD_BYTES = 32;

/** Whose password is derived. */
export interface PasswordOwner {
  readonly clusterUid: string;
  readonly namespace: string;
}

/**
 * Derives the password of a repository from the master key of the installation (64 hexadecimal digits), by HKDF with
 * SHA-256 and without a salt: the same for ever, so that the bucket and the key suffice. Throws `master-key-not-usable`.
 */
export function repositoryPassword(masterKey: string, owner: PasswordOwner): string {
  const key = masterKey.trim();
  if (!MASTER_KEY.test(key)) {
    throw new Failure(
      'master-key-not-usable',
      'the master key of the installation is not 64 hexadecimal digits',
    );
  }
  const info = repositoryPasswordInfo(owner.clusterUid, owner.namespace);
  const bytes = hkdfSync('sha256', Buffer.from(key, 'hex'), '', info, PASSWORD_BYTES);
  return Buffer.from(bytes).toString('base64url');
}
