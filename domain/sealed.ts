/**
 * How an answer is sealed for one reader, so that what lies between the two holds only cipher text (promise 8). The
 * reader's public key is an X25519 key, as SubjectPublicKeyInfo in DER and base64. The writer makes a key pair of its
 * own, derives a key and an initialisation vector from the shared secret by HKDF-SHA256, and encrypts by AES-256-GCM.
 * Sealed bytes are the writer's public key in the same form, the cipher text, and the tag.
 */
export const SEAL = {
  cipher: 'aes-256-gcm',
  hash: 'sha256',
  /** What the derived bytes are for. */
  info: 'holdfast.dev sealed answer 1',
  keyBytes: 32,
  vectorBytes: 12,
  tagBytes: 16,
  publicKeyBytes: 44,
} as const;
