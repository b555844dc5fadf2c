import { expect, test } from 'vitest';

import {
  ensureMasterKey,
  importMasterKey,
  MASTER_KEY_SECRET,
  readMasterKey,
} from '../../../activities/volumes/master-key.ts';
import { itemText, type KubernetesObject } from '../../../domain/item.ts';

/** A cluster that holds what is created in it, as far as the key asks for it. */
class Held {
  readonly objects = new Map<string, KubernetesObject>();

  read(_: unknown, item: { group: string; resource: string; namespace: string; name: string }) {
    return Promise.resolve(this.objects.get(itemText(item)));
  }

  create(type: { group: string; resource: string }, object: KubernetesObject) {
    const { namespace = '', name } = object.metadata;
    const key = itemText({ ...type, namespace, name });
    const kind = this.objects.has(key) ? ('exists' as const) : ('created' as const);
    this.objects.set(key, this.objects.get(key) ?? object);
    return Promise.resolve({ kind });
  }
}

const KEY = `secrets/holdfast/${MASTER_KEY_SECRET}`;

test('the key is made once, with its namespace, and never replaced', async () => {
  const held = new Held();
  await ensureMasterKey(held, 'holdfast');
  const first = await readMasterKey(held, 'holdfast');
  expect(first).toMatch(/^[0-9a-f]{64}$/);
  expect([...held.objects.keys()]).toEqual(['namespaces/holdfast', KEY]);
  await ensureMasterKey(held, 'holdfast');
  expect(await readMasterKey(held, 'holdfast')).toBe(first);
});

test('a key that somebody else made at the same time counts', async () => {
  const held = new Held();
  const theirs = {
    metadata: { namespace: 'holdfast', name: MASTER_KEY_SECRET },
    data: { key: Buffer.from(`${'ab'.repeat(32)}\n`).toString('base64') },
  };
  const read = held.read.bind(held);
  held.read = (type, item) => {
    const answer = read(type, item);
    held.objects.set(KEY, theirs);
    return answer;
  };
  await ensureMasterKey(held, 'holdfast');
  expect(await readMasterKey(held, 'holdfast')).toBe('ab'.repeat(32));
});

test('a key of another cluster comes into one that has none, and replaces none', async () => {
  const held = new Held();
  const key = 'ab'.repeat(32);
  expect(await importMasterKey(held, 'holdfast', `${key}\n`)).toBe('created');
  expect([...held.objects.keys()]).toEqual(['namespaces/holdfast', KEY]);
  expect(await importMasterKey(held, 'holdfast', key)).toBe('unchanged');
  await expect(importMasterKey(held, 'holdfast', 'cd'.repeat(32))).rejects.toMatchObject({
    code: 'already-exists',
  });
  await expect(importMasterKey(held, 'holdfast', `${key}00`)).rejects.toMatchObject({
    code: 'master-key-not-usable',
  });
  await ensureMasterKey(held, 'holdfast');
  expect(await readMasterKey(held, 'holdfast')).toBe(key);
});

test('no key, and one that is no key, are told with what to do', async () => {
  const held = new Held();
  await expect(readMasterKey(held, 'holdfast')).rejects.toMatchObject({
    code: 'master-key-missing',
    subject: KEY,
  });
  const metadata = { namespace: 'holdfast', name: MASTER_KEY_SECRET };
  held.objects.set(KEY, { metadata, data: { key: Buffer.from('short').toString('base64') } });
  await expect(readMasterKey(held, 'holdfast')).rejects.toMatchObject({
    code: 'master-key-not-usable',
  });
});
