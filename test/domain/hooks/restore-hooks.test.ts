import { describe, expect, test } from 'vitest';

import type { RestoreHooks } from '../../../domain/hooks/hook-spec.ts';
import { restoreExecHooksOf } from '../../../domain/hooks/restore-hooks.ts';
import { hookPod } from '../../support/hook-pod.ts';

const PREFIX = 'post.hook.restore.velero.io';
const SECOND = 1000;
const COMMAND_RULE = 'write a program, or a JSON array of strings such as ["sync", "--all"]';

const PLAIN = {
  kind: 'exec',
  source: 'annotations',
  container: 'db',
  command: ['load'],
  onError: 'Continue',
  timeoutMs: 30 * SECOND,
  waitForReady: false,
};

function annotated(annotations: Readonly<Record<string, string>>) {
  const entries = Object.entries(annotations).map(([name, value]) => [`${PREFIX}/${name}`, value]);
  return restoreExecHooksOf(
    hookPod(Object.fromEntries(entries) as Record<string, string>),
    undefined,
  );
}

function requested(exec: Readonly<Record<string, unknown>>) {
  // The cast: specs that nobody checked may have any shape.
  const spec = { resources: [{ name: 'load', postHooks: [{ exec }] }] } as unknown as RestoreHooks;
  return restoreExecHooksOf(hookPod(), spec);
}

describe(`annotations ${PREFIX}`, () => {
  test.each([
    ['container', 'proxy', { container: 'proxy' }],
    ['container', '', {}],
    ['command', '["load", "-v"]', { command: ['load', '-v'] }],
    ['on-error', 'Fail', { onError: 'Fail' }],
    ['on-error', 'Continue', {}],
    ['on-error', '', {}],
    ['exec-timeout', '1m', { timeoutMs: 60 * SECOND }],
    ['exec-timeout', '', {}],
    ['wait-timeout', '5m', { waitTimeoutMs: 300 * SECOND }],
    ['wait-timeout', '', {}],
    ['wait-for-ready', 'true', { waitForReady: true }],
    ['wait-for-ready', 'T', { waitForReady: true }],
    ['wait-for-ready', '1', { waitForReady: true }],
    ['wait-for-ready', 'False', {}],
    ['wait-for-ready', '0', {}],
    ['wait-for-ready', '', {}],
  ])('%s: "%s" gives %o', (name, value, fields) => {
    expect(annotated({ command: 'load', [name]: value })).toEqual([{ ...PLAIN, ...fields }]);
  });

  test.each([
    ['container', 'cache', 'is "cache", which is no container of the pod; the pod has db, proxy'],
    ['command', '[1]', `has something else than strings; ${COMMAND_RULE}`],
    ['on-error', 'no', 'is "no"; write Continue or Fail'],
    ['exec-timeout', 'x', 'is "x", which is no duration such as 30s'],
    ['exec-timeout', '5h', 'is "5h", which is out of range; write more than 0s and at most 4h'],
    ['wait-timeout', '10', 'is "10", which is no duration such as 30s'],
    ['wait-timeout', '25h', 'is "25h", which is out of range; write more than 0s and at most 24h'],
    ['wait-for-ready', 'yes', 'is "yes"; write true or false'],
  ])('%s: "%s" is refused', (name, value, fault) => {
    const onError = name === 'on-error' ? 'Fail' : 'Continue';
    expect(annotated({ command: 'load', [name]: value })).toEqual([
      {
        kind: 'bad',
        source: 'annotations',
        onError,
        fault: `annotation ${PREFIX}/${name} ${fault}`,
        places: [`annotation ${PREFIX}/${name}`],
      },
    ]);
  });

  test('no command, or an empty one, is no hook', () => {
    expect(annotated({ container: 'cache' })).toEqual([]);
    expect(annotated({ command: '', 'wait-timeout': 'x' })).toEqual([]);
  });

  test('they stand for the hooks of the request', () => {
    const spec = { resources: [{ name: 'load', postHooks: [{ exec: { command: ['spec'] } }] }] };
    const hooks = restoreExecHooksOf(hookPod({ [`${PREFIX}/command`]: 'own' }), spec);
    expect(hooks).toMatchObject([{ command: ['own'] }]);
  });
});

describe('spec hooks', () => {
  test.each([
    [{}, {}],
    [{ container: 'proxy' }, { container: 'proxy' }],
    [{ container: '' }, {}],
    [{ command: ['load', '-v'] }, { command: ['load', '-v'] }],
    [{ onError: 'Fail' }, { onError: 'Fail' }],
    [{ onError: '' }, {}],
    [{ execTimeout: '1m' }, { timeoutMs: 60 * SECOND }],
    [{ execTimeout: '' }, {}],
    [{ waitTimeout: '5m' }, { waitTimeoutMs: 300 * SECOND }],
    [{ waitTimeout: '' }, {}],
    [{ waitForReady: true }, { waitForReady: true }],
    [{ waitForReady: false }, {}],
    [{ waitForReady: null }, {}],
  ])('%o gives %o', (fields, expected) => {
    expect(requested({ command: ['load'], ...fields })).toEqual([
      { ...PLAIN, source: 'spec load', ...expected },
    ]);
  });

  test.each([
    ['container', 'cache', 'is "cache", which is no container of the pod; the pod has db, proxy'],
    ['command', undefined, 'is missing; write a program and its arguments'],
    ['command', [1], `has something else than strings; ${COMMAND_RULE}`],
    ['onError', 'no', 'is "no"; write Continue or Fail'],
    ['execTimeout', 'x', 'is "x", which is no duration such as 30s'],
    ['waitTimeout', 5, 'is "5", which is no duration such as 30s'],
    ['waitForReady', 'yes', 'is "yes"; write true or false'],
  ])('%s: %o is refused', (field, value, fault) => {
    const onError = field === 'onError' ? 'Fail' : 'Continue';
    const pointer = `/spec/hooks/resources/0/postHooks/0/exec/${field}`;
    expect(requested({ command: ['load'], [field]: value })).toEqual([
      {
        kind: 'bad',
        source: 'spec load',
        onError,
        fault: `${pointer} ${fault}`,
        places: [pointer],
      },
    ]);
  });

  test('those of other pods, and those that add containers, are none', () => {
    const exec = { command: ['load'] };
    const hooks = restoreExecHooksOf(hookPod(), {
      resources: [
        { name: 'other', includedNamespaces: ['web'], postHooks: [{ exec }] },
        { name: 'init', postHooks: [{ init: { initContainers: [] } }, { exec }] },
        { name: 'none' },
      ],
    });
    expect(hooks).toMatchObject([{ source: 'spec init' }]);
  });
});
