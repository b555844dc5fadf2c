import { hash } from 'node:crypto';
import { promisify } from 'node:util';
import { gunzip, gzip } from 'node:zlib';

import {
  entryName,
  otherVersionEntryName,
  preferredEntryName,
} from '../../domain/archive-layout.ts';
import type { IndexItem } from '../../domain/backup-index.ts';
import { Failure } from '../../domain/failure.ts';
import { isSecretType, maskedJson } from '../../domain/mask-secret.ts';
import { backupKeys } from '../../domain/object-key.ts';
import type { ObjectStore } from '../object-store/port.ts';
import { ByteReader } from './byte-reader.ts';
import { type IndexedMember, readMembers } from './index-file.ts';
import { type EntryNames, MemberBuffer } from './member-buffer.ts';
import { END_OF_ARCHIVE } from './tar.ts';

const compress = promisify(gzip);
const decompress = promisify(gunzip);

/** Far more than the end of a tar file is compressed to. */
const LAST_MEMBER_BYTES_MAX = 1024;

/**
 * The archive of a backup with the values of its Secrets masked. Members without Secrets are the bytes that are stored,
 * each compared with the index first; the others are written anew, with the same entries. Nothing that the index does
 * not tell of is passed on, since it may hold Secrets: `archive-mismatch`. Throws `object-missing` at once; reads on
 * as far as it is read from.
 */
export async function openMaskedArchive(
  store: ObjectStore,
  { name, signal }: { readonly name: string; readonly signal: AbortSignal },
): Promise<AsyncGenerator<Buffer>> {
  const keys = backupKeys(name);
  const { body, sizeBytes } = await store.get(keys.archive, { signal });
  const reader = new ByteReader(body, keys.archive);
  return maskedMembers(reader, { sizeBytes, members: readMembers(store, keys.index, { signal }) });
}

async function* maskedMembers(
  reader: ByteReader,
  { sizeBytes, members }: { sizeBytes: number; members: AsyncIterable<IndexedMember> },
): AsyncGenerator<Buffer> {
  try {
    for await (const indexed of members) {
      const bytes = await reader.take(indexed.member.length);
      if (hash('sha256', bytes, 'hex') !== indexed.member.sha256) {
        throw mismatch(reader, 'is not what its index says');
      }
      yield indexed.items.some(isSecretType) ? await maskMember(bytes, indexed.items) : bytes;
    }
    yield await lastMember(reader, sizeBytes - reader.position);
  } finally {
    await reader.close();
  }
}

async function maskMember(bytes: Buffer, items: readonly IndexItem[]): Promise<Buffer> {
  const tar = await decompress(bytes);
  const masked = new MemberBuffer(tar.length);
  for (const item of items) {
    const { bodyOffset, bodyLength } = item;
    const json = tar.toString('utf8', bodyOffset, bodyOffset + bodyLength);
    masked.add(entryNames(item), [maskedJson(item, json)]);
  }
  return compress(masked.view({ offset: 0, length: masked.size }));
}

function entryNames(item: IndexItem): EntryNames {
  return item.isOtherVersion === true
    ? [otherVersionEntryName(item, item.version)]
    : [entryName(item), preferredEntryName(item, item.version)];
}

/** What ends the archive, and that it does. */
async function lastMember(reader: ByteReader, length: number): Promise<Buffer> {
  const bytes = await reader.take(Math.min(length, LAST_MEMBER_BYTES_MAX));
  const tar = await decompress(bytes).catch(() => undefined);
  if (length > LAST_MEMBER_BYTES_MAX || tar?.equals(END_OF_ARCHIVE) !== true) {
    throw mismatch(reader, 'holds more than its index tells of');
  }
  return bytes;
}

function mismatch({ key }: ByteReader, how: string): Failure {
  return new Failure('archive-mismatch', `the archive ${key} ${how}`, { subject: key });
}
