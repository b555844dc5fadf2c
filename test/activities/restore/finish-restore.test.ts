import { afterEach, beforeEach, expect, test } from 'vitest';

import { itemText } from '../../../domain/item.ts';
import {
  relinkNotesKey,
  restoreFolder,
  restoreKeys,
  shardOutcomesKey,
} from '../../../domain/object-key.ts';
import type { AppliedItem } from '../../../domain/restore/restore-outcome.ts';
import { readRestore } from '../../../storage/catalogue.ts';
import { readOutcomes } from '../../../storage/format/outcome-file.ts';
import { readJsonGz, writeJsonGz } from '../../../storage/json-file.ts';
import { discoveringCluster } from '../../support/discovering-cluster.ts';
import { RestoreSteps } from '../../support/restore-steps.ts';

// Goal: the report of a restore has every item that an attempt noted, whatever it is called. Method: outcomes of shards
// as attempts store them, of which the last step makes the report.

/** Names of what every object inherits. */
const NAMESPACES = ['constructor', 'toString', 'shop'];
const OWNERS = [{ apiVersion: 'v1', kind: 'Pod', name: 'p', uid: 'u' }];
let steps: RestoreSteps;

beforeEach(async () => {
  steps = await RestoreSteps.of([]);
});

afterEach(async () => {
  await steps.remove();
});

function outcome(namespace: string, change: Partial<AppliedItem>): AppliedItem {
  return {
    ...{ group: '', version: 'v1', resource: 'configmaps', kind: 'ConfigMap' },
    ...{ namespace, name: 'settings', verb: 'created', ...change },
  };
}

async function applied(shard: number, outcomes: readonly AppliedItem[]): Promise<void> {
  const attempt = { runUid: steps.run.runUid, shard, attempt: 'one' };
  await writeJsonGz(steps.store, shardOutcomesKey(restoreFolder('r'), attempt), outcomes);
}

async function finish() {
  return steps.finish(discoveringCluster({ types: [] }), []);
}

/** The end of a restore whose owners were given. */
function finishRelinked() {
  const ending = { kind: 'applied', relinkAttempt: 'one' } as const;
  return steps.finish(discoveringCluster({ types: [] }), [], ending);
}

/** What the file of the items says, which is small enough for one part. */
async function storedItems() {
  const [part] = (await readRestore(steps.store, 'r'))?.claim?.itemParts ?? [];
  return part && (await readOutcomes(steps.store, 'r', part));
}

test('namespaces with any name have their lines in the results', async () => {
  await applied(
    0,
    NAMESPACES.map((namespace) => outcome(namespace, { verb: 'failed', reason: 'no' })),
  );
  expect(await finish()).toMatchObject({ errors: 3, counts: { failed: 3 } });
  const lines = NAMESPACES.map((name) => [name, [`ConfigMap ${name}/settings: no`]]);
  expect(await readJsonGz(steps.store, restoreKeys('r').results)).toEqual({
    warnings: {},
    errors: { namespaces: Object.fromEntries(lines) as unknown },
  });
});

test('the items of all shards are in one file, without what only the run needs', async () => {
  await applied(1000, [outcome('late', { verb: 'skipped', reason: 'it is there' })]);
  await applied(0, [outcome('shop', { owners: OWNERS, lacksOwners: true, reason: 'no owner' })]);
  expect(await finishRelinked()).toMatchObject({ items: 2, warnings: 2 });
  const claim = (await readRestore(steps.store, 'r'))?.claim;
  expect(claim?.itemParts).toMatchObject([{ offset: 0, counts: { created: 1, skipped: 1 } }]);
  expect(await storedItems()).toEqual([
    outcome('shop', { lacksOwners: true, reason: 'no owner' }),
    outcome('late', { verb: 'skipped', reason: 'it is there' }),
  ]);
});

test('what came of the owners of items lies with their shard', async () => {
  const { runUid } = steps.run;
  const shards = [0, 1000];
  for (const shard of shards) {
    const one = outcome('shop', { name: String(shard), owners: OWNERS });
    await applied(shard, [one]);
    const key = relinkNotesKey(restoreFolder('r'), { runUid, shard, attempt: 'two' });
    const reason = `no owner of ${String(shard)}`;
    await writeJsonGz(steps.store, key, [
      { item: itemText(one), reason, change: { lacksOwners: true } },
    ]);
  }
  await steps.finish(
    discoveringCluster({ types: [] }),
    shards.map((shard) => ({ shard, attempt: 'one', items: 1, owned: 1, deferred: 0 })),
    { kind: 'applied', relinkAttempt: 'two' },
  );
  expect((await storedItems())?.map(({ name, reason }) => [name, reason])).toEqual([
    ['0', 'no owner of 0'],
    ['1000', 'no owner of 1000'],
  ]);
});

test('a restore of nothing has a file of no items', async () => {
  await finish();
  expect(await storedItems()).toEqual([]);
});

test('a restore that ended before it gave owners says of what, and how they are given', async () => {
  await applied(0, [
    outcome('shop', { owners: OWNERS }),
    outcome('till', { owners: OWNERS, verb: 'failed', reason: 'no' }),
    outcome('free', {}),
  ]);
  const cancelled = { kind: 'cancelled' } as const;
  expect(await steps.finish(discoveringCluster({ types: [] }), [], cancelled)).toMatchObject({
    phase: 'Cancelled',
    warnings: 1,
    errors: 1,
  });
  const reason = 'the restore ended before it gave it its owners';
  expect(await storedItems()).toEqual([
    outcome('shop', { reason, awaitsOwners: true }),
    outcome('till', { verb: 'failed', reason: 'no' }),
    outcome('free', {}),
  ]);
  const due =
    'the restore ended before 1 items got their owner references again; a restore with retryOf r sets them';
  expect(await readJsonGz(steps.store, restoreKeys('r').results)).toMatchObject({
    warnings: { velero: [due] },
  });
});
