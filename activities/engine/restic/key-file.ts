import {
  createCipheriv,
  createDecipheriv,
  createHash,
  randomBytes,
  scrypt,
  timingSafeEqual,
} from 'node:crypto';

import { fields } from '../../../domain/fields.ts';

/** Layout of what a key file of restic holds encrypted: see its design document, "Keys, Encryption and MAC". */
const NONCE_BYTES = 16;
const MAC_BYTES = 16;
const ENCRYPTION_KEY_BYTES = 32;
const MAC_KEY_BYTES = 16;
const SALT_BYTES = 64;
const DERIVED_BYTES = ENCRYPTION_KEY_BYTES + 2 * MAC_KEY_BYTES;
/** Memory that scrypt may take for what restic chooses. */
const SCRYPT_BYTES_MAX = 256 * 1024 * 1024;

/**
 * Work that makes guesses of a password slow. Ours has 256 bits from a key derivation and cannot be guessed, so the
 * least will do; restic's own choice costs half a second of processor time with every call.
 */
const LIGHT = { N: 1024, r: 8, p: 1 };

/** restic would name the user and the node. */
const MAKER = { username: 'holdfast', hostname: 'holdfast' };

const POLY1305_PRIME = 2n ** 130n - 5n;
const POLY1305_CLAMP = 0x0ffffffc0ffffffc0ffffffc0fffffffn;

interface KeyFile {
  readonly name: string;
  readonly body: Buffer;
}

interface UserKey {
  readonly encryption: Buffer;
  /** Both halves of the key of Poly1305-AES. */
  readonly k: Buffer;
  readonly r: Buffer;
}

/** Wraps the master key of a repository anew, by the same password with less work. Throws when the password is wrong. */
export async function lightenKeyFile(body: Buffer, password: string): Promise<KeyFile> {
  const { file, master } = await openKeyFile(body, password);
  if (master === undefined) {
    throw new Error('the key file belongs to another password');
  }
  const salt = randomBytes(SALT_BYTES);
  const data = seal(await userKey(password, salt, LIGHT), master);
  const light = {
    ...file,
    ...MAKER,
    ...LIGHT,
    salt: salt.toString('base64'),
    data: data.toString('base64'),
  };
  const written = Buffer.from(JSON.stringify(light));
  return { name: createHash('sha256').update(written).digest('hex'), body: written };
}

/** Whether a password opens a key file. */
export async function opensKeyFile(body: Buffer, password: string): Promise<boolean> {
  return (await openKeyFile(body, password)).master !== undefined;
}

async function openKeyFile(body: Buffer, password: string) {
  const file = fields(JSON.parse(body.toString()));
  const work = { N: Number(file['N']), r: Number(file['r']), p: Number(file['p']) };
  const key = await userKey(password, fromBase64(file['salt']), work);
  return { file, master: unseal(key, fromBase64(file['data'])) };
}

async function userKey(password: string, salt: Buffer, work: typeof LIGHT): Promise<UserKey> {
  const derived = await new Promise<Buffer>((resolve, reject) => {
    const options = { ...work, maxmem: SCRYPT_BYTES_MAX };
    scrypt(password, salt, DERIVED_BYTES, options, (error, key) => {
      if (error === null) {
        resolve(key);
      } else {
        reject(error);
      }
    });
  });
  const macKey = derived.subarray(ENCRYPTION_KEY_BYTES);
  return {
    encryption: derived.subarray(0, ENCRYPTION_KEY_BYTES),
    k: macKey.subarray(0, MAC_KEY_BYTES),
    r: macKey.subarray(MAC_KEY_BYTES),
  };
}

/** What is sealed; undefined where the key is another one. */
function unseal(key: UserKey, sealed: Buffer): Buffer | undefined {
  const nonce = sealed.subarray(0, NONCE_BYTES);
  const text = sealed.subarray(NONCE_BYTES, sealed.length - MAC_BYTES);
  if (!timingSafeEqual(macOf(key, nonce, text), sealed.subarray(sealed.length - MAC_BYTES))) {
    return undefined;
  }
  return createDecipheriv('aes-256-ctr', key.encryption, nonce).update(text);
}

function seal(key: UserKey, text: Buffer): Buffer {
  const nonce = randomBytes(NONCE_BYTES);
  const sealed = createCipheriv('aes-256-ctr', key.encryption, nonce).update(text);
  return Buffer.concat([nonce, sealed, macOf(key, nonce, sealed)]);
}

/** Poly1305-AES, which Node has no name for: restic would not open a file where this is wrong. */
function macOf(key: UserKey, nonce: Buffer, message: Buffer): Buffer {
  const aes = createCipheriv('aes-128-ecb', key.k, null).setAutoPadding(false);
  const pad = numberOf(aes.update(nonce));
  const r = numberOf(key.r) & POLY1305_CLAMP;
  let sum = 0n;
  for (let at = 0; at < message.length; at += 16) {
    const block = Buffer.concat([message.subarray(at, at + 16), Buffer.from([1])]);
    sum = ((sum + numberOf(block)) * r) % POLY1305_PRIME;
  }
  const digits = (sum + pad).toString(16).padStart(32, '0').slice(-32);
  return Buffer.from(digits, 'hex').reverse();
}

/** The number that little-endian bytes stand for. */
function numberOf(bytes: Buffer): bigint {
  return BigInt(`0x${Buffer.from(bytes).reverse().toString('hex')}`);
}

function fromBase64(value: unknown): Buffer {
  return Buffer.from(typeof value === 'string' ? value : '', 'base64');
}
