import { createGzip } from 'node:zlib';

import pLimit from 'p-limit';

import { buildPlan } from '../activities/backup/build-plan.ts';
import { checkRequest } from '../activities/backup/check-request.ts';
import { exportPages } from '../activities/backup/export-pages.ts';
import { ProblemList } from '../activities/backup/problem-list.ts';
import { openCluster } from '../activities/kubernetes/client.ts';
import { entryName, preferredEntryName } from '../domain/archive-layout.ts';
import { NoteTaker } from '../domain/backup-notes.ts';
import type { BackupSpec } from '../domain/backup.ts';
import { archiveJson, type ArchiveItem } from '../storage/format/member-encoder.ts';
import { pushEntry } from '../storage/format/tar.ts';
import type { ObjectStore } from '../storage/object-store/port.ts';

/** As many shards at the same time as a backup has under way. */
const SHARDS_IN_FLIGHT = 3;
/** Bytes that are gathered before they go to the compressor. */
const CHUNK_BYTES = 256 * 1024;

/**
 * The bare work of an export: the same pages with the same parallelism, the same tar entries, the same compressor,
 * the same store; no workflow, no index, no verification. Gives its duration in seconds; planning is not in it.
 */
export async function rawExport(store: ObjectStore, spec: BackupSpec): Promise<number> {
  const cluster = openCluster(undefined);
  const { signal } = new AbortController();
  const check = await checkRequest({ cluster, namespace: 'holdfast' }, spec, signal);
  if (check.kind === 'refused') {
    throw new Error(check.failure.message);
  }
  const { shards, selection } = await buildPlan(cluster, check.request, {
    signal,
    isPatient: false,
  });
  const started = performance.now();
  await pLimit(SHARDS_IN_FLIGHT).map(shards, async ({ units }, shard) => {
    const problems = new ProblemList({ isPatient: false });
    const notes = new NoteTaker([]);
    const source = { selection, units, signal, isMixedAllowed: true, problems, notes };
    const gzip = createGzip();
    const stored = store.upload(`raw/${String(shard)}.tar.gz`, gzip);
    for await (const chunk of tarChunks(exportPages(cluster, source))) {
      if (!gzip.write(chunk)) {
        await new Promise((resolve) => gzip.once('drain', resolve));
      }
    }
    gzip.end();
    await stored;
  });
  const seconds = (performance.now() - started) / 1000;
  await cluster.close();
  return seconds;
}

async function* tarChunks(pages: AsyncIterable<readonly ArchiveItem[]>): AsyncGenerator<Buffer> {
  let buffers: Buffer[] = [];
  let size = 0;
  for await (const page of pages) {
    for (const item of page) {
      const { type, object } = item;
      const { name, namespace = '' } = object.metadata;
      const body = Buffer.from(archiveJson(item).join(''));
      size += pushEntry(buffers, entryName({ ...type, name, namespace }), body);
      size += pushEntry(
        buffers,
        preferredEntryName({ ...type, name, namespace }, type.version),
        body,
      );
      if (size >= CHUNK_BYTES) {
        yield Buffer.concat(buffers);
        buffers = [];
        size = 0;
      }
    }
  }
  yield Buffer.concat(buffers);
}
