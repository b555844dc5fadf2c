import {
  createCipheriv,
  createPublicKey,
  diffieHellman,
  generateKeyPairSync,
  hkdfSync,
} from 'node:crypto';

import { SEAL } from '../domain/sealed.ts';

/** Encrypts bytes for the owner of a public key, and for nobody else, as `domain/sealed.ts` says. */
export function seal(bytes: Uint8Array, readerKey: string): Buffer {
  const der = Buffer.from(readerKey, 'base64');
  const reader = createPublicKey({ key: der, format: 'der', type: 'spki' });
  const { publicKey, privateKey } = generateKeyPairSync('x25519');
  const own = publicKey.export({ format: 'der', type: 'spki' });
  const secret = diffieHellman({ privateKey, publicKey: reader });
  const salt = Buffer.concat([own, der]);
  const length = SEAL.keyBytes + SEAL.vectorBytes;
  const derived = Buffer.from(hkdfSync(SEAL.hash, secret, salt, SEAL.info, length));
  const cipher = createCipheriv(
    SEAL.cipher,
    derived.subarray(0, SEAL.keyBytes),
    derived.subarray(SEAL.keyBytes),
  );
  return Buffer.concat([own, cipher.update(bytes), cipher.final(), cipher.getAuthTag()]);
}
