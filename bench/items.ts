import type { BackupItemList } from '../domain/backup-contents.ts';
import { backupKeys } from '../domain/object-key.ts';
import type { ArchiveItem } from '../storage/format/member-encoder.ts';
import { CONFIG_MAP } from '../test/support/cluster-fixture.ts';
import { FaultProxy } from '../test/support/fault-proxy.ts';
import { Installation } from '../test/support/installation.ts';
import { storeBackup } from '../test/support/stored-backup.ts';
import type { Result } from './results.ts';

const ITEMS = 50_000;
const NAMESPACES = 50;
const OBJECT_BYTES = 1000;
const READS = 20;
const LIMIT_MS = 100;
const BACKUP = 'large';

/** Listing the items of one namespace of a backup of 50,000, at the API. The tarball may not be read for it. */
export async function items50000(): Promise<Result[]> {
  const proxy = await FaultProxy.start(process.env['S3_ENDPOINT'] ?? '');
  const installation = await Installation.start({ s3Endpoint: proxy.url });
  const store = installation.store();
  try {
    await storeBackup(store, BACKUP, configMaps());
    // A delay of nothing, whose hits are the reads of the tarball.
    const matches = (path: string): boolean => path.endsWith(backupKeys(BACKUP).archive);
    proxy.faults = [{ method: 'GET', matches, effect: 'delay' }];
    const firstMs = await listing(installation, 7);
    const times: number[] = [];
    for (let read = 0; read < READS; read++) {
      times.push(await listing(installation, read));
    }
    const medianMs = times.sort((left, right) => left - right)[Math.floor(READS / 2)] ?? 0;
    return [
      {
        name: 'items-50000-first',
        value: firstMs,
        unit: 'ms',
        ratio: null,
        against: '',
        target: 'none',
        isMet: true,
      },
      {
        name: 'items-50000-again',
        value: medianMs,
        unit: 'ms',
        ratio: medianMs / LIMIT_MS,
        against: 'the limit',
        target: `under ${String(LIMIT_MS)} ms`,
        isMet: medianMs < LIMIT_MS,
      },
      {
        name: 'items-50000-tarball-reads',
        value: proxy.hits,
        unit: 'reads',
        ratio: null,
        against: '',
        target: '0 reads',
        isMet: proxy.hits === 0,
      },
    ];
  } finally {
    store.close();
    await installation.stop();
    proxy.stop();
  }
}

/** How long one page of a namespace takes, in milliseconds. */
async function listing(installation: Installation, index: number): Promise<number> {
  const started = performance.now();
  const path = `/backups/${BACKUP}/items?namespace=${namespace(index)}`;
  const { body } = await installation.request<BackupItemList>('GET', path);
  const ms = performance.now() - started;
  const { items, metadata } = body;
  if (items.length + (metadata.remainingItemCount ?? 0) !== ITEMS / NAMESPACES) {
    throw new Error(`the list of ${namespace(index)} is not whole`);
  }
  return ms;
}

function configMaps(): ArchiveItem[] {
  const data = { text: 'x'.repeat(OBJECT_BYTES) };
  return Array.from({ length: ITEMS }, (_, index) => {
    const place = namespace(Math.floor((index * NAMESPACES) / ITEMS));
    const metadata = { name: `item-${String(index)}`, namespace: place, labels: { app: 'bench' } };
    return { type: CONFIG_MAP, object: { metadata, data } };
  });
}

function namespace(index: number): string {
  return `bench-${String(index)}`;
}
