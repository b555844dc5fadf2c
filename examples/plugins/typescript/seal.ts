import {
  createCipheriv,
  createPublicKey,
  diffieHellman,
  generateKeyPairSync,
  hkdfSync,
} from 'node:crypto';

const INFO = 'holdfast.dev sealed answer 1';
const KEY_BYTES = 32;
const VECTOR_BYTES = 12;

/**
 * Encrypts a value for the run, and for nobody else: what activities answer stays in Temporal's history, which must not
 * hold the content of objects. X25519 with a key pair of this answer alone, HKDF-SHA256, AES-256-GCM.
 */
export function seal(value: unknown, replyKey: string): string {
  const reader = Buffer.from(replyKey, 'base64');
  const { publicKey, privateKey } = generateKeyPairSync('x25519');
  const own = publicKey.export({ format: 'der', type: 'spki' });
  const secret = diffieHellman({
    privateKey,
    publicKey: createPublicKey({ key: reader, format: 'der', type: 'spki' }),
  });
  const salt = Buffer.concat([own, reader]);
  const derived = Buffer.from(hkdfSync('sha256', secret, salt, INFO, KEY_BYTES + VECTOR_BYTES));
  const [key, vector] = [derived.subarray(0, KEY_BYTES), derived.subarray(KEY_BYTES)];
  const cipher = createCipheriv('aes-256-gcm', key, vector);
  const text = [cipher.update(JSON.stringify(value), 'utf8'), cipher.final()];
  return Buffer.concat([own, ...text, cipher.getAuthTag()]).toString('base64');
}
