import { describe, expect, it } from 'vitest';

import type { FailureReport } from '../../../domain/failure.ts';
import type { KubernetesObject } from '../../../domain/item.ts';
import { type ActionOutcome, applyOutcomes } from '../../../domain/plugins/apply-outcomes.ts';
import type { ItemOutcome } from '../../../domain/plugins/plugin-call.ts';
import type { JsonPatchOperation } from '../../../domain/restore/modifiers/modifier-rule.ts';

const ITEM = { group: '', resource: 'configmaps', namespace: 'shop', name: 'web' };
const FAILURE: FailureReport = { code: 'plugin-failed', message: 'disk on fire', subject: 'web' };

function object(): KubernetesObject {
  return {
    ...{ apiVersion: 'v1', kind: 'ConfigMap' },
    metadata: { name: 'web', namespace: 'shop', uid: 'u-1', labels: { app: 'web' } },
    data: { a: '1' },
  };
}

function says(outcome: Partial<ItemOutcome>, more: Partial<ActionOutcome> = {}): ActionOutcome {
  return {
    ...{ plugin: 'mover', action: 'upload', onError: 'Fail' },
    ...more,
    outcome: { requestId: 'r', item: ITEM, ...outcome },
  };
}

const set = (path: string, value: unknown): JsonPatchOperation => ({
  ...{ op: 'replace', path },
  value: JSON.stringify(value),
});

/** What becomes of an object, and what is told. */
function applied(...outcomes: readonly ActionOutcome[]) {
  const before = object();
  const told: string[] = [];
  const after = applyOutcomes(before, outcomes, ({ code, message }, onError) => {
    told.push(`${onError}: ${code}: ${message}`);
  });
  expect(before).toEqual(object());
  return { after, told };
}

const NO_SUCH_FIELD = says({ patch: [set('/data/none/deeper', 1)] });
const TEST_FAILS = says({ patch: [{ op: 'test', path: '/data/a', value: '"2"' }] });

describe('actions one after the other', () => {
  it('leave an object as it is of which nothing is said', () => {
    for (const outcomes of [[], [says({})], [says({ operation: { id: 'op' } })]]) {
      expect(applied(...outcomes)).toEqual({
        after: { kind: 'taken', object: object() },
        told: [],
      });
    }
  });

  it('each see what the one before has made of it', () => {
    const { after, told } = applied(
      says({ patch: [set('/data/a', '2')] }),
      says({
        patch: [
          { op: 'test', path: '/data/a', value: '"2"' },
          { op: 'copy', from: '/data/a', path: '/data/b' },
        ],
      }),
      says({ patch: [set('/data/a', '3')] }),
    );
    expect(told).toEqual([]);
    expect(after).toMatchObject({ kind: 'taken', object: { data: { a: '3', b: '2' } } });
  });

  it('end with the one that skips it, whatever a later one says', () => {
    const skipping = [says({ patch: [set('/data/a', '2')] }), says({ skip: '' }), NO_SUCH_FIELD];
    expect(applied(...skipping)).toEqual({
      after: { kind: 'left-out', reason: 'plugin-skip' },
      told: [],
    });
  });

  it('skip it though its patch would fail', () => {
    const both = says({ skip: 'made anew', ...NO_SUCH_FIELD.outcome });
    expect(applied(both)).toEqual({ after: { kind: 'left-out', reason: 'plugin-skip' }, told: [] });
  });
});

describe('an action that fails', () => {
  const lenient = { onError: 'Continue' } as const;
  const later = says({ patch: [set('/data/a', 'later')] });

  it('leaves the object out, and is not told once more', () => {
    expect(applied(says({ failure: FAILURE }), later)).toEqual({
      after: { kind: 'left-out', reason: 'plugin-failed' },
      told: [],
    });
  });

  it('with Continue leaves it to the next one', () => {
    const { after, told } = applied(says({ failure: FAILURE }, lenient), later);
    expect(after).toMatchObject({ kind: 'taken', object: { data: { a: 'later' } } });
    expect(told).toEqual([]);
  });

  it.each([
    {
      title: 'a path that is not there',
      outcome: NO_SUCH_FIELD.outcome,
      text: '/patch does not apply',
    },
    {
      title: 'a test that does not hold',
      outcome: TEST_FAILS.outcome,
      text: '/patch does not apply, since one of its tests does not hold',
    },
  ])('by $title is told with plugin, item and field', ({ outcome, text }) => {
    const failing = { plugin: 'mover', action: 'upload', outcome };
    const strict = applied({ ...failing, onError: 'Fail' }, later);
    expect(strict.after).toEqual({ kind: 'left-out', reason: 'plugin-failed' });
    const message = `plugin-answer-invalid: the answer of plugin mover, action upload, for configmaps/shop/web breaks the contract: ${text}`;
    expect(strict.told).toEqual([expect.stringContaining(`Fail: ${message}`)]);
    const mild = applied({ ...failing, ...lenient }, later);
    expect(mild.after).toMatchObject({ kind: 'taken', object: { data: { a: 'later' } } });
    expect(mild.told).toEqual([expect.stringContaining(`Continue: ${message}`)]);
  });

  it('leaves nothing of a patch of which a part applies', () => {
    const half = says({ patch: [set('/data/a', 'half'), set('/data/none/deeper', 1)] }, lenient);
    expect(applied(half).after).toEqual({ kind: 'taken', object: object() });
  });
});

describe('the identity of an object', () => {
  it.each<{ field: string; operation: JsonPatchOperation }>([
    { field: 'apiVersion', operation: set('/apiVersion', 'v2') },
    { field: 'kind', operation: set('/kind', 'Secret') },
    { field: 'kind', operation: { op: 'remove', path: '/kind' } },
    { field: 'metadata.name', operation: set('/metadata/name', 'other') },
    { field: 'metadata.namespace', operation: set('/metadata/namespace', 'kube-system') },
    { field: 'metadata.namespace', operation: { op: 'remove', path: '/metadata/namespace' } },
    { field: 'metadata.uid', operation: set('/metadata/uid', 'u-2') },
    { field: 'metadata.name', operation: { op: 'remove', path: '/metadata' } },
    { field: 'metadata.name', operation: set('/metadata', null) },
    { field: 'metadata.name', operation: set('/metadata', 'web') },
  ])(
    'is not changed by a patch: $field, $operation.op of $operation.path',
    ({ field, operation }) => {
      const changing = says({ patch: [operation] });
      const { after, told } = applied(changing);
      expect(after).toEqual({ kind: 'left-out', reason: 'plugin-failed' });
      expect(told).toEqual([
        expect.stringContaining(`/patch changes ${field}, and with it the item`),
      ]);
      expect(applied({ ...changing, onError: 'Continue' }).after).toEqual({
        kind: 'taken',
        object: object(),
      });
    },
  );

  it('may be written again as it is', () => {
    const same = says({ patch: [set('/metadata/name', 'web'), set('/metadata/labels/app', 'x')] });
    const { after, told } = applied(same);
    expect(told).toEqual([]);
    expect(after).toMatchObject({ kind: 'taken', object: { metadata: { labels: { app: 'x' } } } });
  });
});
