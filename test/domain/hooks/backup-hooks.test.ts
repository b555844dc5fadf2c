import { describe, expect, test } from 'vitest';

import { backupHooksOf, type PodHooks } from '../../../domain/hooks/backup-hooks.ts';
import type { BackupHooks } from '../../../domain/hooks/hook-spec.ts';
import { hookPod } from '../../support/hook-pod.ts';

const PHASES = ['pre', 'post'] as const;
const PRE = 'pre.hook.backup.velero.io';
const LEGACY = 'hook.backup.velero.io';
const SECOND = 1000;
const LONG = 'x'.repeat(100);

const PLAIN = {
  kind: 'exec',
  source: 'annotations',
  container: 'db',
  command: ['sync'],
  onError: 'Fail',
  timeoutMs: 30 * SECOND,
};

/** Annotation, its value, and what the hook has then. */
const GOOD = [
  ['container', 'proxy', { container: 'proxy' }],
  ['container', '', { container: 'db' }],
  ['command', 'sync --all', { command: ['sync --all'] }],
  ['command', '["sync", "--all"]', { command: ['sync', '--all'] }],
  ['command', ' ["sync", ""] ', { command: ['sync', ''] }],
  ['on-error', 'Continue', { onError: 'Continue' }],
  ['on-error', 'Fail', { onError: 'Fail' }],
  ['on-error', '', { onError: 'Fail' }],
  ['timeout', '1m30s', { timeoutMs: 90 * SECOND }],
  ['timeout', '500ms', { timeoutMs: SECOND / 2 }],
  ['timeout', '4h', { timeoutMs: 4 * 3600 * SECOND }],
  ['timeout', '', { timeoutMs: 30 * SECOND }],
] as const;

const COMMAND_RULE = 'write a program, or a JSON array of strings such as ["sync", "--all"]';

/** Annotation, its value, and what is said of it. */
const BAD = [
  ['container', 'cache', 'is "cache", which is no container of the pod; the pod has db, proxy'],
  ['command', '   ', `names no program; ${COMMAND_RULE}`],
  ['command', '[]', `names no program; ${COMMAND_RULE}`],
  ['command', '["", "x"]', `names no program; ${COMMAND_RULE}`],
  ['command', '["sync"', `begins with "[" and cannot be read as JSON; ${COMMAND_RULE}`],
  ['command', '["sync", 1]', `has something else than strings; ${COMMAND_RULE}`],
  ['command', '[["sync"]]', `has something else than strings; ${COMMAND_RULE}`],
  [
    'command',
    '["sync", "a\\u0000b"]',
    `has a NUL character, which no argument can have; ${COMMAND_RULE}`,
  ],
  ['on-error', 'fail', 'is "fail"; write Continue or Fail'],
  ['timeout', '5x', 'is "5x", which is no duration such as 30s'],
  ['timeout', '30', 'is "30", which is no duration such as 30s'],
  ['timeout', '-1s', 'is "-1s", which is no duration such as 30s'],
  ['timeout', LONG, `is "${LONG.slice(0, 80)}…", which is no duration such as 30s`],
  ['timeout', '0s', 'is "0s", which is out of range; write more than 0s and at most 4h'],
  ['timeout', '4h1s', 'is "4h1s", which is out of range; write more than 0s and at most 4h'],
] as const;

/** The hooks of a pod with the annotations of one phase, and the hook of it in that phase. */
function annotated(phase: string, annotations: Readonly<Record<string, string>>): PodHooks {
  const prefixed = Object.entries(annotations).map(([name, value]) => [
    name.includes('/') ? name : `${phase}.${LEGACY}/${name}`,
    value,
  ]);
  return backupHooksOf(hookPod(Object.fromEntries(prefixed) as Record<string, string>), undefined);
}

describe.each(PHASES)('annotations %s.hook.backup.velero.io', (phase) => {
  test('a command alone is run in the first container for at most 30 s, and its failure counts', () => {
    const hooks = annotated(phase, { command: 'sync' });
    expect(hooks).toEqual({ pre: [], post: [], thawAfterMs: 3600 * SECOND, [phase]: [PLAIN] });
  });

  test.each(GOOD)('%s: "%s" gives %o', (name, value, fields) => {
    const hooks = annotated(phase, { command: 'sync', [name]: value });
    expect(hooks[phase]).toEqual([{ ...PLAIN, ...fields }]);
  });

  test.each(BAD)('%s: "%s" is refused', (name, value, fault) => {
    const hooks = annotated(phase, { command: 'sync', [name]: value });
    const place = `annotation ${phase}.${LEGACY}/${name}`;
    expect(hooks[phase]).toEqual([
      {
        kind: 'bad',
        source: 'annotations',
        onError: 'Fail',
        fault: `${place} ${fault}`,
        places: [place],
      },
    ]);
  });

  test('no command, or an empty one, is no hook, whatever else there is', () => {
    expect(annotated(phase, { container: 'cache', timeout: '5x' })[phase]).toEqual([]);
    expect(annotated(phase, { container: 'cache', command: '' })[phase]).toEqual([]);
  });

  test('all faults of a hook are told, and it fails as it says itself', () => {
    const [hook] = annotated(phase, {
      command: 'sync',
      timeout: '5x',
      container: 'cache',
      'on-error': 'Continue',
    })[phase];
    expect(hook).toMatchObject({ kind: 'bad', onError: 'Continue' });
    expect(hook).toHaveProperty('fault', expect.stringMatching(/container is "cache".*; .*"5x"/));
  });
});

describe('legacy annotations hook.backup.velero.io', () => {
  test.each(GOOD)('%s: "%s" gives a pre hook %o', (name, value, fields) => {
    const { pre, post } = annotated('', {
      [`${LEGACY}/command`]: 'sync',
      [`${LEGACY}/${name}`]: value,
    });
    expect({ pre, post }).toEqual({ pre: [{ ...PLAIN, ...fields }], post: [] });
  });

  test.each(BAD)('%s: "%s" is refused by its own name', (name, value, fault) => {
    const { pre } = annotated('', { [`${LEGACY}/command`]: 'sync', [`${LEGACY}/${name}`]: value });
    expect(pre).toMatchObject([
      {
        kind: 'bad',
        fault: `annotation ${LEGACY}/${name} ${fault}`,
        places: [`annotation ${LEGACY}/${name}`],
      },
    ]);
  });

  test('each counts where the one of the phase is missing or empty', () => {
    const { pre } = annotated('', {
      [`${LEGACY}/command`]: 'old',
      [`${PRE}/command`]: 'new',
      [`${LEGACY}/container`]: 'proxy',
      [`${LEGACY}/timeout`]: '5s',
      [`${PRE}/timeout`]: '',
    });
    expect(pre).toEqual([
      { ...PLAIN, command: ['new'], container: 'proxy', timeoutMs: 5 * SECOND },
    ]);
  });
});

describe.each(PHASES)('spec hooks %s', (phase) => {
  const EXEC = '/spec/hooks/resources/0/PHASE/0/exec';

  function requested(exec: Readonly<Record<string, unknown>>): PodHooks[typeof phase] {
    // Specs that nobody checked, such as those of other backups, may have any shape.
    const spec = { resources: [{ name: 'flush', [phase]: [{ exec }] }] } as BackupHooks;
    return backupHooksOf(hookPod(), spec)[phase];
  }

  test.each([
    [{}, {}],
    [{ container: 'proxy' }, { container: 'proxy' }],
    [{ container: '' }, { container: 'db' }],
    [{ command: ['sync', '--all'] }, { command: ['sync', '--all'] }],
    [{ onError: 'Continue' }, { onError: 'Continue' }],
    [{ onError: '' }, { onError: 'Fail' }],
    [{ timeout: '2m' }, { timeoutMs: 120 * SECOND }],
    [{ timeout: '' }, { timeoutMs: 30 * SECOND }],
  ])('%o gives %o', (fields, expected) => {
    expect(requested({ command: ['sync'], ...fields })).toEqual([
      { ...PLAIN, source: 'spec flush', ...expected },
    ]);
  });

  test.each([
    ['container', 'cache', 'is "cache", which is no container of the pod; the pod has db, proxy'],
    ['container', 7, 'is "7", which is no container of the pod; the pod has db, proxy'],
    ['command', undefined, 'is missing; write a program and its arguments'],
    ['command', [], 'is missing; write a program and its arguments'],
    ['command', [''], `names no program; ${COMMAND_RULE}`],
    ['command', ['sync', 1], `has something else than strings; ${COMMAND_RULE}`],
    ['onError', 'Ignore', 'is "Ignore"; write Continue or Fail'],
    ['timeout', '5x', 'is "5x", which is no duration such as 30s'],
    ['timeout', 30, 'is "30", which is no duration such as 30s'],
    ['timeout', '5h', 'is "5h", which is out of range; write more than 0s and at most 4h'],
  ])('%s: %o is refused', (field, value, fault) => {
    expect(requested({ command: ['sync'], [field]: value })).toEqual([
      {
        kind: 'bad',
        source: 'spec flush',
        onError: 'Fail',
        fault: `${EXEC.replace('PHASE', phase)}/${field} ${fault}`,
        places: [`${EXEC.replace('PHASE', phase)}/${field}`],
      },
    ]);
  });

  test('several hooks keep their order, and the bad one takes no other with it', () => {
    const hooks = backupHooksOf(hookPod(), {
      resources: [
        {
          name: 'one',
          [phase]: [{ exec: { command: ['a'] } }, { exec: { command: ['b'], container: 'no' } }],
        },
        { name: 'two', [phase]: [{ exec: { command: ['c'] } }] },
      ],
    })[phase];
    expect(hooks.map(({ kind, source }) => `${kind} ${source}`)).toEqual([
      'exec spec one',
      'bad spec one',
      'exec spec two',
    ]);
  });

  test('annotations stand for the hooks of the request in their own phase alone', () => {
    const exec = { command: ['spec'] };
    const spec = { resources: [{ name: 'flush', pre: [{ exec }], post: [{ exec }] }] };
    const pod = hookPod({ [`${phase}.${LEGACY}/command`]: 'own' });
    const hooks = backupHooksOf(pod, spec);
    const other = phase === 'pre' ? 'post' : 'pre';
    expect(hooks[phase]).toMatchObject([{ source: 'annotations', command: ['own'] }]);
    expect(hooks[other]).toMatchObject([{ source: 'spec flush', command: ['spec'] }]);
  });
});

test('a pod that has ended has no hooks', () => {
  const spec = { resources: [{ name: 'flush', pre: [{ exec: { command: ['sync'] } }] }] };
  for (const phase of ['Succeeded', 'Failed']) {
    const pod = { ...hookPod({ [`${PRE}/command`]: 'sync' }), status: { phase } };
    expect(backupHooksOf(pod, spec)).toMatchObject({ pre: [], post: [] });
  }
});

test('a container of the start that goes on running can have a hook, another one cannot', () => {
  const initContainers = [{ name: 'mesh', restartPolicy: 'Always' }, { name: 'migrate' }];
  const kindIn = (container: string): string | undefined =>
    backupHooksOf(
      hookPod({ [`${PRE}/command`]: 'sync', [`${PRE}/container`]: container }, { initContainers }),
      undefined,
    ).pre[0]?.kind;
  expect([kindIn('mesh'), kindIn('migrate')]).toEqual(['exec', 'bad']);
});

describe('when a pod is thawed at the latest', () => {
  const COMMAND = { [`${PRE}/command`]: 'fsfreeze' };
  const KEY = 'holdfast.dev/thaw-after';

  test.each([
    [{}, {}, 3600],
    [{ [KEY]: '' }, {}, 3600],
    [{ [KEY]: '1s' }, {}, 1],
    [{ [KEY]: '24h' }, {}, 86_400],
    [{}, { thawAfter: '5m' }, 300],
    [{}, { thawAfter: '' }, 3600],
    [{ [KEY]: '2m' }, { thawAfter: '5m' }, 120],
    [{ [KEY]: '2m' }, { thawAfter: 'never' }, 120],
  ])('annotations %o and spec %o: after %d s', (annotations, spec, seconds) => {
    const hooks = backupHooksOf(hookPod({ ...COMMAND, ...annotations }), spec);
    expect(hooks.thawAfterMs).toBe(seconds * SECOND);
    expect(hooks.pre).toHaveLength(1);
  });

  test.each([
    [{ [KEY]: 'never' }, {}, `annotation ${KEY} is "never", which is no duration such as 30s`],
    [
      { [KEY]: '999ms' },
      {},
      `annotation ${KEY} is "999ms", which is out of range; write 1s to 24h`,
    ],
    [{ [KEY]: '25h' }, {}, `annotation ${KEY} is "25h", which is out of range; write 1s to 24h`],
    [
      {},
      { thawAfter: '0s' },
      '/spec/hooks/thawAfter is "0s", which is out of range; write 1s to 24h',
    ],
  ])(
    'annotations %o and spec %o are refused before anything is frozen',
    (annotations, spec, fault) => {
      const { pre } = backupHooksOf(hookPod({ ...COMMAND, ...annotations }), spec);
      expect(pre[0]).toMatchObject({ kind: 'bad', onError: 'Fail', fault });
      expect(pre.slice(1)).toMatchObject([{ kind: 'exec' }]);
    },
  );

  test('says nothing of a pod without hooks', () => {
    expect(backupHooksOf(hookPod({ [KEY]: 'never' }), undefined).pre).toEqual([]);
  });
});
