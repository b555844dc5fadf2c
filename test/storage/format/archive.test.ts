import { execFileSync } from 'node:child_process';
import { mkdtemp, readFile, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';

import fc from 'fast-check';
import { beforeEach, expect, test } from 'vitest';

import type { KubernetesObject, ResourceType } from '../../../domain/item.ts';
import { backupFolder, backupKeys } from '../../../domain/object-key.ts';
import { assembleArchive, writeSmallArchive } from '../../../storage/format/archive.ts';
import { readIndex } from '../../../storage/format/index-file.ts';
import type { ArchiveItem } from '../../../storage/format/member-encoder.ts';
import { readBodies } from '../../../storage/format/read-bodies.ts';
import { writeShard } from '../../../storage/format/shard.ts';
import { verifyArchive } from '../../../storage/format/verify-archive.ts';
import { createFolderStore } from '../../../storage/object-store/folder.ts';
import type { ObjectStore } from '../../../storage/object-store/port.ts';

// Goal: what was written is read again as it was, and nothing that was changed is taken for it.

const TYPE: ResourceType = {
  group: 'apps',
  version: 'v1',
  resource: 'deployments',
  kind: 'Deployment',
  isNamespaced: true,
};
const { signal } = new AbortController();
const common = { signal, onProgress: () => undefined };
const keys = backupKeys('b');
let folder: string;
let store: ObjectStore;

beforeEach(async () => {
  folder = await mkdtemp(join(tmpdir(), 'holdfast-archive-'));
  store = createFolderStore({ name: 'default', provider: 'folder', path: folder });
});

function object(name: string, value: unknown): KubernetesObject {
  return {
    metadata: { name, namespace: 'shop', uid: `uid-${name}`, labels: { app: name } },
    spec: { value },
  };
}

async function* pagesOf(
  objects: readonly KubernetesObject[],
): AsyncGenerator<readonly ArchiveItem[]> {
  // The writer fills in kind and version, so that a copy keeps the original as it was.
  yield await Promise.resolve(objects.map((one) => ({ type: TYPE, object: structuredClone(one) })));
}

async function writeSmall(objects: readonly KubernetesObject[], runUid = 'run'): Promise<number> {
  const { items } = await writeSmallArchive(store, {
    name: 'b',
    runUid,
    pages: pagesOf(objects),
    ...common,
  });
  return items;
}

function verify(items: number, runUid = 'run') {
  return verifyArchive(store, { name: 'b', runUid, items, ...common });
}

async function readAllBodies(): Promise<KubernetesObject[]> {
  const objects: KubernetesObject[] = [];
  for await (const lines of readIndex(store, keys.index)) {
    for await (const body of readBodies(store, { archiveKey: keys.archive, lines, signal })) {
      objects.push(body.object);
    }
  }
  return objects;
}

test('any objects come back as they were, with kind and version', async () => {
  const name = fc.stringMatching(/^[a-z0-9][a-z0-9.-]{0,250}$/);
  await fc.assert(
    fc.asyncProperty(
      fc.uniqueArray(name, { maxLength: 20 }),
      fc.jsonValue(),
      async (names, value) => {
        await store.remove([keys.archive]);
        const objects = names.map((one) => object(one, value));
        await verify(await writeSmall(objects));
        const expected = objects.map((one) => ({
          ...one,
          apiVersion: 'apps/v1',
          kind: 'Deployment',
        }));
        expect(await readAllBodies()).toEqual(JSON.parse(JSON.stringify(expected)));
      },
    ),
    { numRuns: 40 },
  );
});

test('tar lists the version first and each object twice, long names included', async () => {
  const long = 'x'.repeat(240);
  await writeSmall([object('web', 1), object(long, 2)]);
  const listed = execFileSync('tar', ['tzf', join(folder, keys.archive)])
    .toString()
    .trim()
    .split('\n');
  expect(listed).toEqual([
    'metadata/version',
    'resources/deployments.apps/namespaces/shop/web.json',
    'resources/deployments.apps/v1-preferredversion/namespaces/shop/web.json',
    `resources/deployments.apps/namespaces/shop/${long}.json`,
    `resources/deployments.apps/v1-preferredversion/namespaces/shop/${long}.json`,
  ]);
  const body = execFileSync('tar', [
    'xzOf',
    join(folder, keys.archive),
    listed[3] ?? '',
  ]).toString();
  expect(JSON.parse(body)).toMatchObject({ kind: 'Deployment', spec: { value: 2 } });
});

test('shards that are joined are the archive that one writer writes', async () => {
  const objects = Array.from({ length: 3000 }, (_, index) =>
    object(`o-${String(index)}`, 'v'.repeat(600)),
  );
  const shards = [];
  for (const [shard, part] of [objects.slice(0, 1200), objects.slice(1200)].entries()) {
    const attempt = { runUid: 'run', shard, attempt: 'a' };
    const written = await writeShard(store, {
      runFolder: backupFolder('b'),
      attempt,
      pages: pagesOf(part),
      ...common,
    });
    shards.push({ ...attempt, ...written });
  }
  const joined = await assembleArchive(store, {
    name: 'b',
    runFolder: backupFolder('b'),
    runUid: 'run',
    shards,
    ...common,
  });
  expect(joined.items).toBe(3000);
  const proof = await verify(3000);
  expect(proof.proof.sizeBytes).toBe(joined.sizeBytes);
  expect((await readAllBodies()).map(({ metadata }) => metadata.name)).toEqual(
    objects.map(({ metadata }) => metadata.name),
  );

  const again = await assembleArchive(store, {
    name: 'b',
    runFolder: backupFolder('b'),
    runUid: 'run',
    shards,
    ...common,
  });
  expect(again).toEqual(joined);
  expect(await verify(3000)).toEqual(proof);
});

test('the same objects give the same bytes', async () => {
  await writeSmall([object('a', 1), object('b', 2)]);
  const first = await readFile(join(folder, keys.archive));
  await writeSmall([object('a', 1), object('b', 2)]);
  expect((await readFile(join(folder, keys.archive))).equals(first)).toBe(true);
});

test('a second attempt of a run replaces what the first left, and another run does not', async () => {
  await writeSmall([object('a', 1)]);
  await verify(await writeSmall([object('a', 1), object('b', 2)]));
  await expect(writeSmall([object('c', 3)], 'another')).rejects.toMatchObject({
    code: 'already-exists',
  });
  await verify(2);
});

test('an archive of no items is an archive', async () => {
  expect((await verify(await writeSmall([]))).proof).toMatchObject({ items: 0, itemBytes: 0 });
});

test('no flipped bit of the archive is taken for what was written', async () => {
  const items = await writeSmall([object('a', 'one'), object('b', 'two')]);
  const path = join(folder, keys.archive);
  const sound = await readFile(path);
  for (let position = 0; position < sound.length; position++) {
    const bytes = Buffer.from(sound);
    bytes[position] = (bytes[position] ?? 0) ^ (1 << (position % 8));
    await writeFile(path, bytes);
    await expect(verify(items), `byte ${String(position)}`).rejects.toMatchObject({
      code: 'archive-mismatch',
      subject: keys.archive,
    });
  }
  await writeFile(path, sound);
  await verify(items);
});

test('an archive that is cut or that has something behind its end is not accepted', async () => {
  const items = await writeSmall([object('a', 'one'), object('b', 'two')]);
  const path = join(folder, keys.archive);
  const sound = await readFile(path);
  for (const length of [0, 1, 40, sound.length - 30, sound.length - 1]) {
    await writeFile(path, sound.subarray(0, length));
    await expect(verify(items)).rejects.toMatchObject({ code: 'archive-mismatch' });
  }
  await writeFile(path, Buffer.concat([sound, Buffer.alloc(1)]));
  await expect(verify(items)).rejects.toMatchObject({ code: 'archive-mismatch' });
  await store.remove([keys.archive]);
  await expect(verify(items)).rejects.toMatchObject({
    code: 'object-missing',
    subject: keys.archive,
  });
});

test('an index that lacks an item, or is cut, is not accepted', async () => {
  const items = await writeSmall([object('a', 'one'), object('b', 'two')]);
  await expect(verify(items + 1)).rejects.toMatchObject({ code: 'archive-mismatch' });
  const path = join(folder, keys.index);
  const sound = await readFile(path);
  await writeFile(path, sound.subarray(0, sound.length - 10));
  await expect(verify(items)).rejects.toMatchObject({
    code: 'archive-mismatch',
    subject: keys.index,
  });
});
