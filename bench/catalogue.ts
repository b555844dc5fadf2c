import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';

import { GetObjectCommand, ListObjectsV2Command, type S3Client } from '@aws-sdk/client-s3';
import pLimit from 'p-limit';

import type { BackupResource, ResourceList } from '../domain/api-resource.ts';
import type { LocationInventory } from '../domain/location-inventory.ts';
import { backupFolder, backupKeys, BACKUPS_PREFIX } from '../domain/object-key.ts';
import { createS3Client } from '../storage/object-store/s3-client.ts';
import { createFolderStore } from '../storage/object-store/folder.ts';
import type { ObjectStore } from '../storage/object-store/port.ts';
import { readAll } from '../storage/object-store/read-all.ts';
import { keysUnder } from '../test/support/archive-items.ts';
import { Installation } from '../test/support/installation.ts';
import { storeBackupOf } from '../test/support/stored-backup.ts';
import { peakMiB, resetPeak } from './memory.ts';
import type { Result } from './results.ts';

const BACKUPS = 10_000;
const TEMPLATE = 'template';
/** What a backup has beside what the template is stored with: a dozen objects in all, as most have. */
const MORE_FILES = ['coverage.json.gz', 'volumes.json.gz', 'hooks.json.gz'];
const MORE_BYTES = 500;
const WRITES_IN_FLIGHT = 48;
/** As many as the catalogue has under way at most: record and claim of 16 backups. */
const READS_IN_FLIGHT = 32;
const PAGE = 500;
const TIMES_RAW = 1.25;
const WARM_TIMES_COLD = 0.6;
const INVENTORY_TIMES_WARM = 1.5;
const GROWTH_MIB = 128;

/**
 * Listing all of 10,000 backups at the API, page by page: with nothing known against a raw loop that reads the same
 * objects with the same client, and once more against the first time. Then what the location holds, which reads them too.
 */
export async function catalogue(): Promise<Result[]> {
  const installation = await Installation.start();
  const store = installation.store();
  try {
    await fill(store);
    await listAll(installation, 1);
    const raw = await rawLoop(installation);
    const idle = peakOf(installation);
    resetPeak(installation.pidOf('api'));
    const cold = await listAll(installation);
    const warm = await listAll(installation);
    const inventory = await inventoryOf(installation);
    const growth = peakOf(installation) - idle;
    return [
      {
        ...{ name: 'catalogue-10000-cold', value: cold, unit: 's', ratio: cold / raw },
        against: `the raw loop (${raw.toFixed(2)} s)`,
        ...{ target: `at most ${String(TIMES_RAW)} times`, isMet: cold <= TIMES_RAW * raw },
      },
      {
        ...{ name: 'catalogue-10000-warm', value: warm, unit: 's', ratio: warm / cold },
        against: `the cold list (${cold.toFixed(2)} s)`,
        target: `at most ${String(WARM_TIMES_COLD)} times`,
        isMet: warm <= WARM_TIMES_COLD * cold,
      },
      {
        ...{ name: 'inventory-10000', value: inventory, unit: 's', ratio: inventory / warm },
        against: `the warm list (${warm.toFixed(2)} s)`,
        target: `at most ${String(INVENTORY_TIMES_WARM)} times`,
        isMet: inventory <= INVENTORY_TIMES_WARM * warm,
      },
      {
        ...{ name: 'catalogue-10000-api-memory', value: growth, unit: 'MiB' },
        ...{ ratio: growth / GROWTH_MIB, against: 'the limit' },
        target: `at most ${String(GROWTH_MIB)} MiB more than idle`,
        isMet: growth <= GROWTH_MIB,
      },
    ];
  } finally {
    store.close();
    await installation.stop();
  }
}

function peakOf(installation: Installation): number {
  return peakMiB(installation.pidOf('api'));
}

/** Stores a backup elsewhere, and copies of it under all names. */
async function fill(store: ObjectStore): Promise<void> {
  const path = await mkdtemp(join(tmpdir(), 'holdfast-bench-'));
  const template = createFolderStore({ name: TEMPLATE, provider: 'folder', path });
  await storeBackupOf(template, TEMPLATE, {});
  const keys = await keysUnder(template, backupFolder(TEMPLATE));
  const files = await Promise.all(
    keys.map(async (key) => ({ key, bytes: await readAll(template, key) })),
  );
  await rm(path, { recursive: true });
  for (const file of MORE_FILES) {
    const key = `${backupFolder(TEMPLATE)}${TEMPLATE}-${file}`;
    files.push({ key, bytes: Buffer.alloc(MORE_BYTES) });
  }
  const names = Array.from({ length: BACKUPS }, (_, index) => nameOf(index));
  await pLimit(WRITES_IN_FLIGHT).map(names, async (name) => {
    for (const { key, bytes } of files) {
      const isText = key.endsWith('.json');
      await store.put(key.replaceAll(TEMPLATE, name), isText ? renamed(bytes, name) : bytes);
    }
  });
}

function nameOf(index: number): string {
  return `nightly-${String(20_260_101_000_000 + index)}`;
}

function renamed(bytes: Buffer, name: string): Buffer {
  return Buffer.from(bytes.toString('utf8').replaceAll(TEMPLATE, name));
}

/** Seconds that a whole list takes, or that of its first page alone. */
async function listAll(installation: Installation, limit = PAGE): Promise<number> {
  const started = performance.now();
  let token = '';
  let count = 0;
  do {
    const path = `/backups?limit=${String(limit)}${token === '' ? '' : `&continue=${token}`}`;
    const { body } = await installation.request<ResourceList<BackupResource>>('GET', path);
    count += body.items.length;
    token = limit === PAGE ? (body.metadata.continue ?? '') : '';
  } while (token !== '');
  if (limit === PAGE && count !== BACKUPS) {
    throw new Error(`the list has ${String(count)} backups`);
  }
  return (performance.now() - started) / 1000;
}

/** Seconds that it takes to say whose backups the location holds. */
async function inventoryOf(installation: Installation): Promise<number> {
  const started = performance.now();
  const path = '/storage-locations/default/inventory';
  const { body } = await installation.request<LocationInventory>('GET', path);
  const count = body.clusters.reduce((sum, { backups }) => sum + backups, 0);
  if (count !== BACKUPS) {
    throw new Error(`the inventory has ${String(count)} backups`);
  }
  return (performance.now() - started) / 1000;
}

/** Lists the folders and reads record and claim of each, with the SDK alone; gives its duration in seconds. */
async function rawLoop(installation: Installation): Promise<number> {
  const location = installation.location('direct');
  if (location.provider !== 's3') {
    throw new Error('the location is no bucket');
  }
  const client = createS3Client(location, {});
  const read = async (key: string): Promise<void> => {
    const at = { Bucket: location.bucket, Key: `${location.prefix}/${key}` };
    const { Body } = await client.send(new GetObjectCommand(at));
    JSON.parse((await Body?.transformToString()) ?? '');
  };
  const started = performance.now();
  const names = await rawNames(client, location.bucket, `${location.prefix}/${BACKUPS_PREFIX}`);
  const keys = names.flatMap((name) => [backupKeys(name).record, backupKeys(name).claim]);
  await pLimit(READS_IN_FLIGHT).map(keys, read);
  const seconds = (performance.now() - started) / 1000;
  client.destroy();
  return seconds;
}

async function rawNames(client: S3Client, Bucket: string, Prefix: string): Promise<string[]> {
  const names: string[] = [];
  let ContinuationToken: string | undefined;
  do {
    const more = ContinuationToken === undefined ? {} : { ContinuationToken };
    const page = await client.send(
      new ListObjectsV2Command({ Bucket, Prefix, Delimiter: '/', ...more }),
    );
    names.push(...(page.CommonPrefixes ?? []).map((one) => folderName(one.Prefix ?? '', Prefix)));
    ContinuationToken = page.NextContinuationToken;
  } while (ContinuationToken !== undefined);
  return names;
}

function folderName(folder: string, prefix: string): string {
  return folder.slice(prefix.length, -1);
}
