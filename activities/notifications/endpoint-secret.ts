import { Failure } from '../../domain/failure.ts';
import type { SecretReader } from '../../storage/object-store/secret-credentials.ts';
import { parseSigningKeys } from './signature.ts';

/** Keys of the Secret: the signing keys, and what the names of headers come after. */
const SIGNING_KEY = 'signingKeys';
const HEADER_PREFIX = 'header.';
const HEADER_NAME = /^[A-Za-z0-9-]+$/;
const PRINTABLE = /^[\x20-\x7e]*$/;
/** What says how a request is framed, and what is ours to say. */
const RESERVED = /^(host|connection|content-.*|transfer-encoding|webhook-.*)$/i;

/** What only sender and receiver know. */
export interface EndpointSecret {
  readonly keys: readonly Buffer[];
  readonly headers: Readonly<Record<string, string>>;
}

/** Reads it when it is needed, and keeps nothing of it. Throws `notification-failed`, whose text holds nothing of it. */
export async function readEndpointSecret(
  read: SecretReader,
  secretName: string,
): Promise<EndpointSecret> {
  const data = await read(secretName);
  if (data === undefined) {
    throw unusable(secretName, 'is not there; create it, or correct secretRef');
  }
  const texts = Object.entries(data).map(
    ([key, value]) => [key, Buffer.from(value).toString('utf8').trim()] as const,
  );
  const signing = texts.find(([key]) => key === SIGNING_KEY)?.[1];
  const keys = signing === undefined ? [] : parseSigningKeys(signing);
  if (keys === undefined) {
    const what = `has in ${SIGNING_KEY} something else than whsec_ keys of 24 to 64 bytes`;
    throw unusable(secretName, what);
  }
  const headers = texts.flatMap(([key, value]) => headerOf(secretName, key, value));
  if (keys.length === 0 && headers.length === 0) {
    throw unusable(secretName, `has neither ${SIGNING_KEY} nor a key like header.Authorization`);
  }
  return { keys, headers: Object.fromEntries(headers) };
}

function headerOf(secretName: string, key: string, value: string): [string, string][] {
  if (!key.startsWith(HEADER_PREFIX)) {
    return [];
  }
  const header = key.slice(HEADER_PREFIX.length);
  if (!HEADER_NAME.test(header) || RESERVED.test(header) || !PRINTABLE.test(value)) {
    throw unusable(secretName, `has in ${key} no header that can be sent`);
  }
  return [[header.toLowerCase(), value]];
}

function unusable(secretName: string, what: string): Failure {
  return new Failure('notification-failed', `the Secret ${secretName} of the endpoint ${what}`);
}
