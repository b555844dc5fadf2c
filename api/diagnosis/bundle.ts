import { promisify } from 'node:util';
import { gzip } from 'node:zlib';

import { redacted } from '../../domain/diagnosis/redact.ts';
import { END_OF_ARCHIVE, pushEntry } from '../../storage/format/tar.ts';
import { partOf } from '../status/part.ts';

/** Longest that one file is waited for. */
const FILE_MS = 60_000;
/** Largest text of one file; some ten of them are in memory at the same time. */
const FILE_BYTES_MAX = 4 * 1024 * 1024;

/** A file of a bundle, by its name, and what says what is in it. */
export type BundleFiles = Readonly<Record<string, () => Promise<unknown>>>;

/**
 * A tar.gz with the answers as JSON, without secrets; what fails is a file that says so, and so is what is larger than
 * `FILE_BYTES_MAX`.
 */
export async function bundleOf(files: BundleFiles): Promise<Buffer> {
  const buffers: Buffer[] = [];
  const read = await Promise.all(
    Object.entries(files).map(async ([name, ask]) => {
      const late = { code: 'timed-out', message: `${name} was not there in time` } as const;
      const part = await partOf(ask, { timeoutMs: FILE_MS, late });
      return { name, content: 'value' in part ? part.value : part };
    }),
  );
  for (const { name, content } of read) {
    pushEntry(buffers, `holdfast-debug/${name}.json`, fileOf(content));
  }
  // Not at once: the API answers others meanwhile.
  return promisify(gzip)(Buffer.concat([...buffers, END_OF_ARCHIVE]));
}

function fileOf(content: unknown): Buffer {
  const file = textOf(redacted(content));
  return file.length <= FILE_BYTES_MAX
    ? file
    : textOf({
        leftOut: `the answer has ${String(file.length)} bytes, and a file of a bundle has ${String(FILE_BYTES_MAX)} at most; ask the API for it by itself`,
      });
}

function textOf(content: unknown): Buffer {
  return Buffer.from(`${JSON.stringify(content, undefined, 2)}\n`);
}
