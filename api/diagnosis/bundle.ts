import { gzipSync } from 'node:zlib';

import { redacted } from '../../domain/diagnosis/redact.ts';
import { END_OF_ARCHIVE, pushEntry } from '../../storage/format/tar.ts';
import { partOf } from '../status/part.ts';

/** Longest that one file is waited for. */
const FILE_MS = 60_000;

/** A file of a bundle, by its name, and what says what is in it. */
export type BundleFiles = Readonly<Record<string, () => Promise<unknown>>>;

/** A tar.gz with the answers as JSON, without secrets; what fails is a file that says so. */
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
    const json = JSON.stringify(redacted(content), undefined, 2);
    pushEntry(buffers, `holdfast-debug/${name}.json`, Buffer.from(`${json}\n`));
  }
  return gzipSync(Buffer.concat([...buffers, END_OF_ARCHIVE]));
}
