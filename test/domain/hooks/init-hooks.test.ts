import { describe, expect, test } from 'vitest';

import type { Fields } from '../../../domain/fields.ts';
import type { RestoreHooks } from '../../../domain/hooks/hook-spec.ts';
import {
  addInitContainers,
  initHooksOf,
  takeOutInitHooks,
} from '../../../domain/hooks/init-hooks.ts';
import { hookPod } from '../../support/hook-pod.ts';

const PREFIX = 'init.hook.restore.velero.io';
const IMAGE = 'busybox:1.36';
const AT = '/spec/hooks/resources/0/postHooks/0/init';
const NAME_RULE = 'write lower-case letters, digits and "-", 63 at most';

function annotated(annotations: Readonly<Record<string, string>>, spec: Fields = {}) {
  const entries = Object.entries(annotations).map(([name, value]) => [`${PREFIX}/${name}`, value]);
  return initHooksOf(
    hookPod(Object.fromEntries(entries) as Record<string, string>, spec),
    undefined,
  );
}

function requested(init: Readonly<Record<string, unknown>>, spec: Fields = {}) {
  // The cast: specs that nobody checked may have any shape.
  const hooks = { resources: [{ name: 'wait', postHooks: [{ init }] }] } as unknown as RestoreHooks;
  return initHooksOf(hookPod({}, spec), hooks);
}

function faultsOf({ faults }: ReturnType<typeof initHooksOf>): string[] {
  return faults.map(({ fault }) => fault);
}

describe(`annotations ${PREFIX}`, () => {
  test.each([
    [{}, { name: 'holdfast-restore-init' }],
    [{ 'container-name': 'wait' }, { name: 'wait' }],
    [{ 'container-name': '' }, { name: 'holdfast-restore-init' }],
    [{ command: 'sh' }, { name: 'holdfast-restore-init', command: ['sh'] }],
    [
      { command: '["sh", "-c", "x"]' },
      { name: 'holdfast-restore-init', command: ['sh', '-c', 'x'] },
    ],
    [{ command: '' }, { name: 'holdfast-restore-init' }],
    [{ timeout: '5m' }, { name: 'holdfast-restore-init' }],
    [{ timeout: '' }, { name: 'holdfast-restore-init' }],
  ])('%o gives the container %o', (annotations, container) => {
    expect(annotated({ 'container-image': IMAGE, ...annotations })).toEqual({
      containers: [{ image: IMAGE, ...container }],
      faults: [],
    });
  });

  test.each([
    ['container-image', 'a b', 'is "a b", which is no name of an image'],
    ['container-name', 'No', `is "No"; ${NAME_RULE}`],
    ['container-name', 'x'.repeat(64), `is "${'x'.repeat(64)}"; ${NAME_RULE}`],
    [
      'container-name',
      'db',
      'is "db", which is the name of another container of the pod; write another',
    ],
    [
      'command',
      '[',
      'begins with "[" and cannot be read as JSON; write a program, or a JSON array of strings such as ["sync", "--all"]',
    ],
    ['timeout', '5', 'is "5", which is no duration such as 30s'],
  ])('%s: "%s" is refused', (name, value, fault) => {
    expect(annotated({ 'container-image': IMAGE, [name]: value })).toEqual({
      containers: [],
      faults: [
        {
          kind: 'bad',
          source: 'annotations',
          onError: 'Fail',
          fault: `annotation ${PREFIX}/${name} ${fault}`,
          places: [`annotation ${PREFIX}/${name}`],
        },
      ],
    });
  });

  test('no image, or an empty one, is no hook', () => {
    expect(annotated({ 'container-name': 'No' })).toEqual({ containers: [], faults: [] });
    expect(annotated({ 'container-image': '', command: '[' })).toEqual({
      containers: [],
      faults: [],
    });
  });

  test('they stand for the containers of the request', () => {
    const init = { initContainers: [{ name: 'wait', image: IMAGE }] };
    const pod = hookPod({ [`${PREFIX}/container-image`]: 'own:1' });
    const hooks = initHooksOf(pod, { resources: [{ name: 'wait', postHooks: [{ init }] }] });
    expect(hooks.containers).toMatchObject([{ image: 'own:1' }]);
  });
});

describe('spec hooks', () => {
  test('containers keep all their fields and their order', () => {
    const initContainers = [
      {
        name: 'one',
        image: IMAGE,
        command: ['sh'],
        args: ['-c', 'x'],
        env: [{ name: 'A', value: 'b' }],
      },
      { name: 'two', image: IMAGE },
    ];
    expect(requested({ initContainers, timeout: '1m' })).toEqual({
      containers: initContainers,
      faults: [],
    });
  });

  test.each([
    ['name', undefined, 'is missing; write a name'],
    ['name', 'No', `is "No"; ${NAME_RULE}`],
    [
      'name',
      'proxy',
      'is "proxy", which is the name of another container of the pod; write another',
    ],
    ['image', undefined, 'is missing; write an image'],
    ['image', 7, 'is "7", which is no name of an image'],
    [
      'command',
      [7],
      'has something else than strings; write a program, or a JSON array of strings such as ["sync", "--all"]',
    ],
  ])('%s: %o is refused, and the other containers are added', (field, value, fault) => {
    const hooks = requested({
      initContainers: [
        { name: 'wait', image: IMAGE, [field]: value },
        { name: 'other', image: IMAGE },
      ],
    });
    expect(hooks.containers).toMatchObject([{ name: 'other' }]);
    expect(hooks.faults).toEqual([
      {
        kind: 'bad',
        source: 'spec wait',
        onError: 'Fail',
        fault: `${AT}/initContainers/0/${field} ${fault}`,
        places: [`${AT}/initContainers/0/${field}`],
      },
    ]);
  });

  test('a timeout that cannot be read, and what is no container, are refused', () => {
    const container = { name: 'wait', image: IMAGE };
    expect(faultsOf(requested({ initContainers: [container], timeout: 'x' }))).toEqual([
      `${AT}/timeout is "x", which is no duration such as 30s`,
    ]);
    expect(faultsOf(requested({ initContainers: ['wait'] }))).toEqual([
      `${AT}/initContainers/0/image is missing; write an image; ${AT}/initContainers/0/name is missing; write a name`,
    ]);
  });

  test('two of one name are one too many', () => {
    const hooks = requested({
      initContainers: [
        { name: 'a', image: IMAGE },
        { name: 'a', image: 'x' },
      ],
    });
    expect(hooks.containers).toEqual([{ name: 'a', image: IMAGE }]);
    expect(faultsOf(hooks)).toHaveLength(1);
  });
});

test('a container that an earlier restore has added is replaced, and another one of its name is not', () => {
  const hook = { name: 'wait', image: IMAGE, command: ['sh'] };
  const earlier = { ...hook, imagePullPolicy: 'Always' };
  const own = { name: 'migrate', image: 'app:1' };
  const pod = hookPod({}, { initContainers: [earlier, own] });
  const hooks = { resources: [{ name: 'w', postHooks: [{ init: { initContainers: [hook] } }] }] };
  const { containers, faults } = takeOutInitHooks(pod, hooks);
  expect(faults).toEqual([]);
  addInitContainers(pod, containers);
  expect(pod['spec']).toHaveProperty('initContainers', [hook, own]);

  const changed = hookPod({}, { initContainers: [{ ...earlier, image: 'other:1' }] });
  expect(initHooksOf(changed, hooks)).toMatchObject({ containers: [], faults: [{ kind: 'bad' }] });
});

test('containers are put before those that the pod has, or are all', () => {
  const pod = hookPod();
  addInitContainers(pod, [{ name: 'wait' }]);
  expect(pod['spec']).toHaveProperty('initContainers', [{ name: 'wait' }]);
});
