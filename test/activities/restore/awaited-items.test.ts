import { afterAll, afterEach, beforeEach, expect, test } from 'vitest';

import { openCluster } from '../../../activities/kubernetes/client.ts';
import type { PluginRound } from '../../../activities/plugin-run-contract.ts';
import type { ItemReference } from '../../../domain/item.ts';
import { restoreKeys } from '../../../domain/object-key.ts';
import type { HeartbeatProgress } from '../../../domain/run-status.ts';
import { readJsonGz } from '../../../storage/json-file.ts';
import { freshNamespace } from '../../support/fresh-namespace.ts';
import { kubectl } from '../../support/kubectl.ts';
import { RestoreSteps } from '../../support/restore-steps.ts';
import { typeOf } from '../../support/stored-backup.ts';
import { storeAnswers } from '../../support/stored-answers.ts';

// Goal: an item that a plugin lets wait is not there before what it waits for. Method: the activities run against the real
// API server, and what is waited for comes when a heartbeat says so, or never.

const cluster = openCluster();
const CONFIG_MAP = typeOf('ConfigMap', 'configmaps');
const BACKED_UP = 'backed-up';
let steps: RestoreSteps;
let namespace: string;
let waits: string[];

beforeEach(async () => {
  namespace = await freshNamespace('awaited');
  waits = [];
});

afterEach(async () => {
  await steps.remove();
  await kubectl('delete', 'namespace', namespace, '--wait=false');
});

afterAll(async () => {
  await cluster.close();
});

/** Plans a restore of two ConfigMaps of which the first waits for something. */
async function open(awaited: Omit<ItemReference, 'namespace'>, resourceTimeout = '1m') {
  const names = ['waits', 'other'];
  steps = await RestoreSteps.of(
    names.map((name) => ({
      ...{ type: CONFIG_MAP, object: { metadata: { name, namespace: BACKED_UP } } },
    })),
    { namespaceMapping: { [BACKED_UP]: namespace }, resourceTimeout },
  );
  const place = { group: '', resource: 'configmaps', namespace: BACKED_UP };
  const round = await storeAnswers(steps.store, { ...steps.run, kind: 'Restore' }, [
    {
      ...{ requestId: '1', item: { ...place, name: 'waits' }, waitForAdditionalItems: true },
      additionalItems: [{ ...awaited, namespace: BACKED_UP }],
    },
    {
      ...{ requestId: '2', item: { ...place, name: 'other' } },
      additionalItems: [{ ...awaited, namespace: BACKED_UP }],
    },
  ]);
  return [round];
}

async function restored(plugins: readonly PluginRound[], come: () => Promise<unknown>) {
  let coming: Promise<unknown> | undefined;
  const onBeat = ({ waitingFor }: HeartbeatProgress): void => {
    if (waitingFor !== undefined) {
      waits.push(waitingFor.reason);
      coming ??= come();
    }
  };
  const result = await steps.all(cluster, { plugins, onBeat });
  await coming;
  return result;
}

function read(name: string) {
  return cluster.read(CONFIG_MAP, { ...CONFIG_MAP, namespace, name });
}

test('an item waits until what it needs is there, and nothing else waits with it', async () => {
  const plugins = await open({ group: '', resource: 'secrets', name: 'gate' });
  const before: boolean[] = [];
  const result = await restored(plugins, async () => {
    before.push(
      ...(await Promise.all(['waits', 'other'].map(read))).map((one) => one !== undefined),
    );
    await kubectl('-n', namespace, 'create', 'secret', 'generic', 'gate');
  });
  expect(before).toEqual([false, true]);
  expect(waits[0]).toMatch(/^1 items were put aside.*configmaps\/backed-up\/waits$/);
  expect(result).toMatchObject({ phase: 'Completed', counts: { created: 2, failed: 0 } });
  expect(await read('waits')).toBeDefined();
});

test.each([
  ['is not there', { group: '', resource: 'secrets', name: 'gate' }, 'it is not there'],
  [
    'no type',
    { group: 'x.example', resource: 'gates', name: 'gate' },
    'the cluster does not serve',
  ],
])('an item that waits in vain fails with what it waited for: %s', async (_title, awaited, why) => {
  const plugins = await open(awaited, '1s');
  const result = await restored(plugins, () => Promise.resolve());
  expect(result).toMatchObject({ phase: 'PartiallyFailed', counts: { created: 1, failed: 1 } });
  const results = (await readJsonGz(steps.store, restoreKeys('r').results)) as {
    // The file was written by the step before, in Velero's shape.
    errors: { namespaces?: Record<string, string[]> };
  };
  const [error = ''] = results.errors.namespaces?.[namespace] ?? [];
  const type = awaited.group === '' ? awaited.resource : `${awaited.resource}.${awaited.group}`;
  expect(error).toContain(
    `ConfigMap ${namespace}/waits: timed-out: plugin mover, action upload, lets it wait for ${type}/${namespace}/gate: ${why}`,
  );
  expect(error).toContain('until the resourceTimeout of the restore was over');
  expect(await read('waits')).toBeUndefined();
});
