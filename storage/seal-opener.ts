import {
  createDecipheriv,
  createPublicKey,
  diffieHellman,
  generateKeyPairSync,
  hkdfSync,
  type KeyObject,
} from 'node:crypto';

import { SEAL } from '../domain/sealed.ts';

/** A key pair of X25519. */
export interface SealKeys {
  readonly publicKey: KeyObject;
  readonly privateKey: KeyObject;
}

/** Opens what was sealed for its public key. One that makes its keys itself is made for one answer; nobody can open that when it is gone. */
export class SealOpener {
  /** As `domain/sealed.ts` says. */
  readonly publicKey: string;
  readonly #privateKey: KeyObject;

  constructor({ publicKey, privateKey }: SealKeys = generateKeyPairSync('x25519')) {
    this.publicKey = publicKey.export({ format: 'der', type: 'spki' }).toString('base64');
    this.#privateKey = privateKey;
  }

  /** Throws when the bytes were sealed for somebody else, or changed on their way. */
  open(sealed: Buffer): Buffer {
    const der = sealed.subarray(0, SEAL.publicKeyBytes);
    const tag = sealed.subarray(sealed.length - SEAL.tagBytes);
    const text = sealed.subarray(SEAL.publicKeyBytes, sealed.length - SEAL.tagBytes);
    const publicKey = createPublicKey({ key: der, format: 'der', type: 'spki' });
    const secret = diffieHellman({ privateKey: this.#privateKey, publicKey });
    const salt = Buffer.concat([der, Buffer.from(this.publicKey, 'base64')]);
    const length = SEAL.keyBytes + SEAL.vectorBytes;
    const derived = Buffer.from(hkdfSync(SEAL.hash, secret, salt, SEAL.info, length));
    const decipher = createDecipheriv(
      SEAL.cipher,
      derived.subarray(0, SEAL.keyBytes),
      derived.subarray(SEAL.keyBytes),
      { authTagLength: SEAL.tagBytes },
    );
    decipher.setAuthTag(tag);
    return Buffer.concat([decipher.update(text), decipher.final()]);
  }
}
