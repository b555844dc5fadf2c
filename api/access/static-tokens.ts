import { readFile } from 'node:fs/promises';

import { Failure } from '../../domain/failure.ts';
import { fields, isMapping } from '../../domain/fields.ts';
import type { Subject } from '../../domain/access/access-need.ts';
import { strings } from '../../domain/velero-values.ts';
import { type Authenticator, tokenHash } from './authenticator.ts';

/** How long what was read of the file is used: a token that is taken out of it is refused soon after. */
const FILE_AGE_MAX_MS = 5000;
const SHA256_HEX = /^[0-9a-f]{64}$/;

/**
 * Knows the tokens of a file: a JSON list of `{"username", "groups", "sha256"}`, with the SHA-256 of each token in hex.
 * The file, a Secret's as a rule, is read again when it changes. Throws `invalid-request` that names the entry.
 */
export function staticTokens(path: string): Authenticator {
  let read: { readonly at: number; readonly subjects: Promise<ReadonlyMap<string, Subject>> };
  const fresh = (): Promise<ReadonlyMap<string, Subject>> => {
    const now = Date.now();
    if ((read as typeof read | undefined) === undefined || now - read.at > FILE_AGE_MAX_MS) {
      read = { at: now, subjects: readTokens(path) };
    }
    return read.subjects;
  };
  return async (token) => {
    try {
      return (await fresh()).get(tokenHash(token));
    } catch (error) {
      // Where the file is and what is wrong with it is nothing for who calls.
      throw new Failure('internal', 'the file of tokens cannot be read', { cause: error });
    }
  };
}

/** The subjects of a file, by the hash of their token. Throws `invalid-request`. */
export async function readTokens(path: string): Promise<ReadonlyMap<string, Subject>> {
  let value: unknown;
  try {
    value = JSON.parse(await readFile(path, 'utf8'));
  } catch (error) {
    throw new Failure('invalid-request', `HOLDFAST_AUTH_TOKENS_FILE: ${path} is no file of JSON`, {
      cause: error,
    });
  }
  if (!Array.isArray(value)) {
    throw new Failure('invalid-request', `HOLDFAST_AUTH_TOKENS_FILE: ${path} holds no list`);
  }
  return new Map(
    value.map((entry: unknown, index) => subjectOf(entry, `${path}, entry ${String(index)}`)),
  );
}

function subjectOf(entry: unknown, where: string): readonly [string, Subject] {
  const { username, sha256, groups = [] } = fields(entry);
  const areTexts = Array.isArray(groups) && strings(groups).length === groups.length;
  if (!isMapping(entry) || typeof username !== 'string' || username === '' || !areTexts) {
    throw new Failure(
      'invalid-request',
      `${where}: "username" is a text, and "groups" a list of texts`,
    );
  }
  if (typeof sha256 !== 'string' || !SHA256_HEX.test(sha256)) {
    const text = `${where}: "sha256" is the SHA-256 of the token in 64 hexadecimal digits; the token itself does not belong here`;
    throw new Failure('invalid-request', text);
  }
  return [sha256, { username, groups: strings(groups) }];
}
