import { afterEach, expect, test } from 'vitest';

import { byName, type Held, listed, plugin, PluginRunFixture } from '../../support/plugin-run.ts';
import type { PluginAction } from '../../../domain/plugins/contract.ts';

// Goal: each action is asked once about each item that it selects. Method: a cluster in memory and a store in a folder.

let fixture: PluginRunFixture;

afterEach(async () => {
  await fixture.close();
});

async function open(held: Held, actions: Readonly<Record<string, readonly PluginAction[]>>) {
  const plugins = Object.entries(actions).map(([name, own]) => plugin(name, own));
  fixture = await PluginRunFixture.open(held, plugins);
  return fixture;
}

const many = (count: number) =>
  Array.from({ length: count }, (_, index) =>
    listed(`item-${String(index).padStart(3, '0')}`, index < 5 ? { app: 'db' } : undefined),
  );

test('cuts calls of at most a hundred items, action by action', async () => {
  const { planRound, calls } = bound(
    await open(
      { configMaps: many(230) },
      {
        mover: [
          { name: 'all' },
          { name: 'some', selector: { labelSelector: { matchLabels: { app: 'db' } } } },
        ],
        other: [{ name: 'none', selector: { includedResources: ['secrets'] } }],
      },
    ),
  );
  const round = await planRound();
  const planned = await calls(round);
  expect(planned.map(({ action, items }) => `${action} ${String(items.length)}`)).toEqual([
    ...['all 100', 'all 100', 'all 30', 'some 5'],
  ]);
  const asked = planned.flatMap(({ action, items }) =>
    items.map(({ item }) => `${action} ${item.namespace}/${item.name}`),
  );
  expect(new Set(asked).size).toBe(235);
  expect(planned[0]?.items[0]).toEqual({
    requestId: expect.stringMatching(/^uid-b-[0-9a-f]{32}$/) as unknown,
    item: { group: '', version: 'v1', resource: 'configmaps', namespace: 'shop', name: 'item-000' },
    uid: 'u-item-000',
  });
});

test('another attempt asks with the same ids, and with the same key, under other names', async () => {
  const { planRound, calls } = bound(
    await open({ configMaps: many(3) }, { mover: [{ name: 'a' }, { name: 'b' }] }),
  );
  const [first, second] = [await planRound(), await planRound()];
  expect(first.attempt).not.toBe(second.attempt);
  expect(await calls(second)).toEqual(await calls(first));
  const ids = (await calls(first)).flatMap(({ items }) => items.map(({ requestId }) => requestId));
  expect(new Set(ids).size).toBe(6);
});

test('a backup of which no action sees anything has no calls', async () => {
  const { planRound } = bound(
    await open({}, { mover: [{ name: 'all', selector: { excludedNamespaces: ['shop'] } }] }),
  );
  expect(await planRound()).toMatchObject({ calls: 0 });
});

test('a later round is for what the one before it added, as far as it was not asked about', async () => {
  const secret = { group: '', resource: 'secrets', namespace: 'shop' };
  const additionalItems = [
    { ...secret, name: 'token' },
    { ...secret, name: 'absent' },
    { ...secret, resource: 'configmaps', name: 'web' },
    { ...secret, namespace: 'kube-system', name: 'token' },
    { ...secret, resource: 'unknown', name: 'thing' },
  ];
  const { planRound, calls } = bound(
    await open(
      { configMaps: [listed('web'), listed('adds')], secrets: [listed('token')] },
      { mover: [{ name: 'all' }] },
    ),
  );
  const first = await planRound();
  await fixture.answer(first, byName({ adds: { additionalItems } }));
  const second = await planRound([first]);
  expect((await calls(second)).map(({ items }) => items.map(({ item }) => item))).toEqual([
    [{ ...secret, version: 'v1', name: 'token' }],
  ]);
  // What adds itself is not asked about for ever.
  await fixture.answer(second, byName({ token: { additionalItems } }));
  expect(await planRound([first, second])).toMatchObject({ calls: 0 });
});

test('a later round is for what added items refer to as well', async () => {
  const volumes = [{ name: 'v', persistentVolumeClaim: { claimName: 'data' } }];
  const { object } = listed('web');
  const pod = { object: { ...object, spec: { volumes } }, json: '' };
  const { planRound, calls } = bound(
    await open(
      { configMaps: [listed('adds')], claims: [listed('data'), listed('other')], pods: [pod] },
      { mover: [{ name: 'all' }] },
    ),
  );
  const first = await planRound();
  const added = { group: '', resource: 'pods', namespace: 'shop', name: 'web' };
  await fixture.answer(first, byName({ adds: { additionalItems: [added] } }));
  const second = await planRound([first]);
  const asked = (await calls(second)).flatMap(({ items }) => items.map(({ item }) => item));
  expect(asked.map(({ resource, name }) => `${resource}/${name}`)).toEqual([
    ...['pods/web', 'persistentvolumeclaims/data'],
  ]);
  await fixture.answer(second, byName({ web: { additionalItems: [added] } }));
  expect(await planRound([first, second])).toMatchObject({ calls: 0 });
});

function bound(opened: PluginRunFixture) {
  return {
    planRound: opened.planRound.bind(opened),
    calls: opened.calls.bind(opened),
  };
}
