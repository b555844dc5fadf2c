import { afterEach, beforeEach, expect, test } from 'vitest';

import type { PluginRound } from '../../../activities/plugin-run-contract.ts';
import { allAnswers, PluginAnswers } from '../../../activities/plugins/plugin-answers.ts';
import { readPluginCall, storePluginAnswer } from '../../../activities/plugins/plugin-calls.ts';
import { readReplyKey } from '../../../activities/plugins/reply-key.ts';
import { backupFolder } from '../../../domain/object-key.ts';
import type { ItemsCall } from '../../../domain/plugins/contract.ts';
import { seal } from '../../../storage/seal.ts';
import { SealOpener } from '../../../storage/seal-opener.ts';
import {
  byName,
  CONFIG_MAPS,
  listed,
  plugin,
  PluginRunFixture,
  RUN,
} from '../../support/plugin-run.ts';

// Goal: what a plugin answers is found again for its item, and nothing else is. Method: calls of two actions that are planned
// and answered in a store in a folder.

const VALUE = [{ op: 'replace', path: '/data/a', value: '2' }];
let fixture: PluginRunFixture;
let round: PluginRound;

beforeEach(async () => {
  fixture = await PluginRunFixture.open({ configMaps: [listed('web'), listed('db')] }, [
    plugin('b-mover', [{ name: 'strict' }, { name: 'mild', onError: 'Continue' }]),
    plugin('a-mover', []),
  ]);
  round = await fixture.planRound();
});

afterEach(async () => {
  await fixture.close();
});

const source = () => ({ store: fixture.store, run: RUN, rounds: [round] });

async function said(...names: readonly string[]) {
  const answers = await PluginAnswers.open(source());
  return answers.about(
    CONFIG_MAPS,
    names.map((name) => `shop/${name}`),
  );
}

function sealedFor(key: string, { items }: ItemsCall): unknown {
  const answers = items.map(({ requestId }) => ({ requestId, patch: VALUE }));
  return { sealed: seal(Buffer.from(JSON.stringify(answers)), key).toString('base64') };
}

test('a call says who asks, for which run, and with which key an answer is sealed', async () => {
  const { call, ...times } = await readPluginCall(fixture.deps, {
    ...{ ...RUN, attempt: round.attempt, call: 0 },
  });
  expect(times).toEqual({
    ...{ plugin: 'b-mover', callTimeoutMs: 300_000, unavailableTimeoutMs: 600_000 },
  });
  const { publicKey } = await readReplyKey(fixture.store, backupFolder('b'), RUN.runUid);
  expect(call).toMatchObject({
    ...{ contract: 'v1', plugin: 'b-mover', action: 'strict', replyKey: publicKey },
    run: { kind: 'Backup', location: 'default', name: 'b', uid: 'uid-b', cluster: 'local' },
  });
  expect(call.items.map(({ item }) => item.name)).toEqual(['web', 'db']);
});

test('values come only sealed for the run', async () => {
  const plain = byName({ web: { patch: VALUE }, db: { patch: [{ op: 'remove', path: '/data' }] } });
  expect(await fixture.answer(round, plain)).toEqual([
    { operations: 0, voids: 1, errors: 1 },
    { operations: 0, voids: 1, errors: 0 },
  ]);
  const stranger = new SealOpener().publicKey;
  expect(await fixture.answer(round, (call) => sealedFor(stranger, call))).toEqual([
    { operations: 0, voids: 2, errors: 2 },
    { operations: 0, voids: 2, errors: 0 },
  ]);
  await fixture.answer(round, (call) => sealedFor(call.replyKey, call));
  const outcomes = (await said('web', 'db')).get('shop/db') ?? [];
  expect(outcomes.map(({ outcome }) => outcome.patch)).toEqual([
    [{ op: 'replace', path: '/data/a', value: '"2"' }],
    [{ op: 'replace', path: '/data/a', value: '"2"' }],
  ]);
});

test('what actions said of an item is found in the order of the actions', async () => {
  await fixture.answer(round, ({ action, items }) => ({
    items: items.map(({ requestId, item }) => ({ requestId, skip: `${action} ${item.name}` })),
  }));
  const about = await said('db', 'web', 'none');
  expect([...about.keys()].sort()).toEqual(['shop/db', 'shop/web']);
  expect(about.get('shop/web')?.map(({ outcome: { skip }, onError }) => [skip, onError])).toEqual([
    ['strict web', 'Fail'],
    ['mild web', 'Continue'],
  ]);
  expect([...(await said('web')).keys()]).toEqual(['shop/web']);
  const answers = await PluginAnswers.open(source());
  expect(await answers.about({ group: 'apps', resource: 'configmaps' }, ['shop/web'])).toEqual(
    new Map(),
  );
});

test('an item of which nothing was said was asked about all the same', async () => {
  await fixture.answer(round, byName({ db: { operation: { id: 'op' } } }));
  const [web] = (await said('web')).get('shop/web') ?? [];
  expect(web?.outcome).toEqual({
    requestId: expect.any(String) as unknown,
    item: { group: '', resource: 'configmaps', namespace: 'shop', name: 'web' },
  });
});

test('a call that failed fails each of its items, and counts as errors only with Fail', async () => {
  const failure = { code: 'plugin-failed', message: 'gone', subject: 'plugin' } as const;
  const counts = [];
  for (const call of [0, 1]) {
    const at = { ...RUN, attempt: round.attempt, call, answeredAt: '2026-01-01T00:00:05Z' };
    counts.push(await storePluginAnswer(fixture.deps, { ...at, failure }));
  }
  expect(counts).toEqual([
    { operations: 0, voids: 2, errors: 2 },
    { operations: 0, voids: 2, errors: 0 },
  ]);
  for await (const { action, items } of allAnswers(source())) {
    const of = ['web', 'db'].map((name) => `configmaps/shop/${name}`);
    expect(items.map((item) => item.failure)).toEqual(
      of.map((item) => ({
        code: 'plugin-failed',
        message: `plugin b-mover, action ${action}, failed for ${item}: gone`,
        subject: `plugin b-mover, action ${action}: ${item}`,
      })),
    );
  }
});
