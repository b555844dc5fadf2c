import { afterEach, expect, test } from 'vitest';

import type { Dependencies } from '../../../activities/dependencies.ts';
import { ProblemList } from '../../../activities/backup/problem-list.ts';
import { relatedPages } from '../../../activities/backup/related-pages.ts';
import { exportAdded } from '../../../activities/plugins/export-added.ts';
import { NO_ACTIONS } from '../../../activities/plugins/page-actions.ts';
import { readActions } from '../../../activities/plugins/read-actions.ts';
import { planVolumes } from '../../../activities/volumes/plan-volumes.ts';
import { Failure } from '../../../domain/failure.ts';
import { NoteTaker } from '../../../domain/backup-notes.ts';
import type { ListedObject } from '../../../domain/item.ts';
import type { PluginAction } from '../../../domain/plugins/contract.ts';
import { repositoriesOf } from '../../../domain/volumes/repository.ts';
import type { ArchiveItem } from '../../../storage/format/member-encoder.ts';
import { inActivity } from '../../support/activity-context.ts';
import {
  byName,
  CONFIG_MAPS,
  listed,
  plugin,
  PluginRunFixture,
  RUN,
  SECRETS,
} from '../../support/plugin-run.ts';
import { SOURCE_CLUSTER } from '../../support/stored-backup.ts';

// Goal: an export does what plugins said of each object, and tells what it could not. Method: answers in a store in a folder.

const CLAIM = {
  ...listed('data').object,
  ...{ spec: { volumeName: 'pv-1' }, status: { phase: 'Bound' } },
};
const BOUND: ListedObject = { object: CLAIM, json: JSON.stringify(CLAIM) };
let fixture: PluginRunFixture;

afterEach(async () => {
  await fixture.close();
});

/** A backup of which a plugin said something by the names of its items, and the means to do it. */
async function answered(
  said: Readonly<Record<string, object>>,
  action: Partial<PluginAction> = {},
) {
  const names = Object.keys(said);
  fixture = await PluginRunFixture.open(
    {
      configMaps: names.map((name) => listed(name)),
      secrets: [
        ...['token', 'excluded'].map((name) =>
          listed(name, { 'velero.io/exclude-from-backup': String(name === 'excluded') }),
        ),
        listed('skipped'),
      ],
      claims: [BOUND],
    },
    [plugin('mover', [{ name: 'upload', ...action }])],
  );
  const round = await fixture.planRound();
  await fixture.answer(round, byName(said));
  const problems = new ProblemList({ isPatient: false });
  const plugins = [round];
  const actions = await readActions(
    fixture.deps,
    { ...RUN, plugins },
    { plan: fixture.plan, problems },
  );
  if (actions === undefined) {
    throw new Error('there is a round');
  }
  return { round, problems, actions };
}

const messages = (problems: ProblemList) => {
  const { errors, warnings } = problems.all();
  return [
    ...errors.map(({ code, message }) => `error ${code} ${message}`),
    ...warnings.map(({ code, message }) => `warning ${code} ${message}`),
  ];
};

const itemOf = (one: ListedObject, more: Partial<ArchiveItem> = {}): ArchiveItem => ({
  ...{ type: CONFIG_MAPS, ...one },
  ...more,
});

const REMOVE = { patch: [{ op: 'remove', path: '/data/a' }] };

test('a patch is made on the whole object, with its numbers as they were', async () => {
  const { actions, problems } = await answered({ web: REMOVE, plain: {} });
  const page = await actions.ofPage(CONFIG_MAPS, ['shop/web', 'shop/plain']);
  const metadata = { namespace: 'shop', name: 'web' };
  const json =
    '{"metadata":{"namespace":"shop","name":"web"},"data":{"a":"1","n":12345678901234567890}}';
  // JavaScript would not hold the number.
  const object = { metadata, data: { a: '1', n: 12345678901234567000 } };
  const acted = page.act('shop/web', itemOf({ object, json }));
  if (!('item' in acted)) {
    throw new Error(`the item is left out: ${acted.reason}`);
  }
  expect(acted.item).not.toHaveProperty('json');
  const { apiVersion, kind, data } = acted.item.object;
  expect({ apiVersion, kind }).toEqual({ apiVersion: 'v1', kind: 'ConfigMap' });
  expect(data).not.toHaveProperty('a');
  expect(JSON.stringify(data)).not.toContain('12345678901234567000');
  const plain = itemOf(listed('plain'));
  expect(page.act('shop/plain', plain)).toEqual({ item: plain });
  actions.tellLate();
  expect(messages(problems)).toEqual([]);
});

test('what is skipped or fails is left out for that reason, and another version of it too', async () => {
  const missing = { patch: [{ op: 'remove', path: '/data/none' }] };
  const { actions, problems } = await answered({ cache: { skip: 'x' }, bad: missing, web: REMOVE });
  const page = await actions.ofPage(CONFIG_MAPS, ['shop/cache', 'shop/bad', 'shop/web']);
  expect(page.act('shop/cache', itemOf(listed('cache')))).toEqual({
    reason: 'plugin-skip',
    text: expect.stringMatching(/^plugin .*, action .*, leaves it out: x$/) as string,
  });
  expect(page.act('shop/bad', itemOf(listed('bad')))).toEqual({ reason: 'plugin-failed' });
  expect(messages(problems)).toEqual([
    expect.stringMatching(
      /^error plugin-answer-invalid .*configmaps\/shop\/bad.* \/patch does not/,
    ),
  ]);
  const other = itemOf(listed('web'), { isOtherVersion: true });
  expect(page.act('shop/web', other)).toEqual({ reason: 'plugin-skip' });
});

test('with Continue what fails is taken, and told as a warning', async () => {
  const missing = { patch: [{ op: 'remove', path: '/data/none' }] };
  const { actions, problems } = await answered({ bad: missing }, { onError: 'Continue' });
  const page = await actions.ofPage(CONFIG_MAPS, ['shop/bad']);
  const item = itemOf(listed('bad'));
  expect(page.act('shop/bad', item)).toEqual({ item });
  expect(messages(problems)).toEqual([expect.stringMatching(/^warning plugin-answer-invalid/)]);
});

test('what came after an action that must not fail is left out, and told in one warning', async () => {
  const { actions, problems } = await answered({ web: {} });
  const keys = ['shop/web', 'shop/late-1', 'shop/late-2'];
  const page = await actions.ofPage(CONFIG_MAPS, keys);
  for (const name of ['web', 'late-1', 'late-2']) {
    const item = itemOf(listed(name));
    expect(page.act(`shop/${name}`, item)).toEqual(
      name === 'web' ? { item } : { reason: 'plugin-late' },
    );
  }
  expect(messages(problems)).toEqual([]);
  actions.tellLate();
  expect(messages(problems)).toEqual([
    expect.stringMatching(/^warning plugin-not-asked .*configmaps\/shop\/late-1 and 1 more/),
  ]);
});

test('without plugins there is nothing to do', async () => {
  const { problems } = await answered({});
  const { plan, deps } = fixture;
  expect(await readActions(deps, RUN, { plan, problems })).toBeUndefined();
  const item = itemOf(listed('web'));
  expect(NO_ACTIONS.act('shop/web', item)).toEqual({ item });
});

const secret = (name: string, namespace = 'shop') => ({
  group: '',
  resource: 'secrets',
  namespace,
  name,
});

/** What the answers add to the backup, and which of it is dealt with. */
async function added(items: readonly object[], own: Partial<Dependencies['cluster']> = {}) {
  const { round, problems } = await answered({ adding: { additionalItems: items } });
  const second = await fixture.planRound([round]);
  await fixture.answer(second, byName({ skipped: { skip: 'x' } }));
  const rounds = [round, second];
  const { plan, deps } = fixture;
  const actions = await readActions(deps, { ...RUN, plugins: rounds }, { plan, problems });
  const notes = new NoteTaker([]);
  const part = {
    ...{ selection: plan.selection, problems, notes, isMixedAllowed: true },
    ...{ signal: new AbortController().signal, ...(actions && { actions }) },
  };
  const met = new Set<string>();
  const asking = { ...deps, cluster: { ...deps.cluster, ...own } };
  const taken: string[] = [];
  for await (const page of exportAdded(asking, { run: RUN, rounds, plan, met }, part)) {
    taken.push(...page.map(({ type, object }) => `${type.resource}/${object.metadata.name}`));
  }
  return { taken, told: messages(problems), met, rounds, part };
}

test('items that a plugin adds are taken once', async () => {
  const { taken, told } = await added([secret('token'), secret('token'), secret('skipped')]);
  expect({ taken, told }).toEqual({ taken: ['secrets/token'], told: [] });
});

test('the volume of a claim that a plugin adds is copied', async () => {
  const { rounds } = await added([{ ...secret('data'), resource: 'persistentvolumeclaims' }]);
  // A location with a repository: its master key is there.
  await fixture.store.put(`${repositoriesOf(SOURCE_CLUSTER.uid)}x`, Buffer.from('{}'));
  const plan = (plugins: typeof rounds) =>
    inActivity(() => planVolumes(fixture.deps, { ...RUN, plugins }));
  expect(await plan(rounds)).toEqual({ volumes: 1, batches: 1 });
  expect(await plan(rounds.slice(1))).toEqual({ volumes: 0, batches: 0 });
});

test('what the request takes by itself is not taken again', async () => {
  const configMap = { ...secret('adding'), resource: 'configmaps' };
  const { taken, told } = await added([configMap]);
  expect({ taken, told }).toEqual({ taken: [], told: [] });
});

test.each([
  { what: 'was added', items: [secret('token')], related: [] },
  { what: 'was not', items: [secret('skipped')], related: ['token'] },
])('of what others refer to, a thing that $what comes for that $related', async (of) => {
  const { met, part } = await added(of.items);
  const notes = new NoteTaker(['secrets']);
  notes.related.add({ names: { secrets: ['shop/token'] }, serviceAccounts: [] });
  const { problems, signal } = part;
  const related = [{ name: 'secrets' as const, type: SECRETS }];
  const source = { selection: { ...part.selection, related }, problems, signal, notes, met };
  const found: string[] = [];
  const pages = relatedPages(fixture.deps.cluster, { ...source, isMixedAllowed: true });
  for await (const page of pages) {
    found.push(...page.map(({ object }) => object.metadata.name));
  }
  expect(found).toEqual(of.related);
});

test('what cannot be added is told with the plugin that asked for it', async () => {
  const elsewhere = secret('token', 'kube-system');
  const unserved = { ...secret('thing'), resource: 'things', group: 'x.example' };
  const { taken, told } = await added([secret('absent'), secret('excluded'), elsewhere, unserved]);
  expect(taken).toEqual([]);
  const by = 'warning plugin-answer-invalid plugin mover, action upload, added';
  expect([...told].sort()).toEqual([
    `${by} secrets/kube-system/token, which is not in the backup: the cluster has no such item`,
    `${by} secrets/shop/absent, which is not in the backup: the cluster has no such item`,
    `${by} secrets/shop/excluded, which is not in the backup: exclude-label`,
    `${by} things.x.example/shop/thing, which is not in the backup: the cluster serves no such type`,
  ]);
});

test('what may not be read is told as such, and not as missing', async () => {
  const failure = new Failure('cluster-forbidden', 'no', { subject: 'secrets' });
  const readListed = () => Promise.reject(failure);
  const { taken, told } = await added([secret('token')], { readListed });
  expect(taken).toEqual([]);
  expect([...told].sort()).toEqual([
    expect.stringMatching(/^error cluster-forbidden secrets is not in the backup/),
    expect.stringMatching(/shop\/token, which is not in the backup: Holdfast may not read it$/),
  ]);
});
