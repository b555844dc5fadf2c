import { afterAll, beforeAll, describe, expect, test } from 'vitest';

import type { Problem } from '../../../domain/api-resource.ts';
import { apiWithoutTemporal } from '../../support/api-without-temporal.ts';

// Goal: each field of spec.hooks with a bad value is refused by its name, with what is right. Method: tables of requests
// into an API whose Temporal is not there, because none may get that far.

let app: Awaited<ReturnType<typeof apiWithoutTemporal>>;

beforeAll(async () => {
  app = await apiWithoutTemporal();
});

afterAll(async () => {
  await app.close();
});

/** Beside a fault of its own, so that no request goes further. */
async function faultsOf(path: string, spec: object): Promise<string[]> {
  const own = path === '/backups' ? { ttl: '1s' } : { resourceTimeout: '1ms' };
  const payload = { metadata: { name: 'b' }, spec: { ...spec, ...own } };
  const answer = await app.inject({ method: 'POST', url: `/api/v1${path}`, payload });
  expect(answer.statusCode).toBe(400);
  const { errors = [] } = answer.json<Problem>();
  const pointers = Object.keys(own).map((field) => `/spec/${field}`);
  expect(errors.map(({ pointer }) => pointer)).toEqual(expect.arrayContaining(pointers));
  return errors
    .filter(({ pointer }) => !pointers.includes(pointer))
    .map(({ code, detail }) => `${code} ${detail}`);
}

const FILTERS = [
  [{ name: '' }, 'invalid-name /name is empty'],
  [{ name: undefined }, 'invalid-request /name is missing'],
  [{ includedNamespaces: ['team-**'] }, 'invalid-name /includedNamespaces/0 has "**"'],
  [{ excludedNamespaces: ['a', 'B'] }, 'invalid-name /excludedNamespaces/1 has "B"; a namespace'],
  [{ includedResources: ['p[o'] }, 'invalid-request /includedResources/0 has brackets'],
  [{ excludedResources: ['pods*|'] }, 'invalid-request /excludedResources/0 has "|"'],
  [
    { includedResources: ['secrets'] },
    'invalid-request  takes no pods, and hooks run in pods alone',
  ],
  [
    { labelSelector: { matchLabels: { 'a b': 'c' } } },
    'invalid-request /labelSelector/matchLabels/a b has',
  ],
  [{ labelSelector: { app: 'db' } }, 'unknown-field /labelSelector/app is not a field'],
  [{ namespaces: ['shop'] }, 'unknown-field /namespaces is not a field'],
] as const;

const EXEC = [
  [{ container: 7 }, 'invalid-request /container must be string'],
  [{ command: undefined }, 'invalid-request /command is missing'],
  [{ command: [] }, 'invalid-request /command is empty'],
  [{ command: 'sync' }, 'invalid-request /command must be array'],
  [{ command: [''] }, 'invalid-request /command names no program'],
  [{ command: ['sync', 1] }, 'invalid-request /command/1 must be string'],
  [{ onError: 'Ignore' }, 'invalid-request /onError must be one of Continue, Fail'],
  [{ shell: true }, 'unknown-field /shell is not a field'],
] as const;

const TIMEOUTS = [
  ['5x', 'is "5x", which is no duration such as 30s'],
  ['0s', 'is "0s", which is out of range'],
  ['25h', 'is "25h", which is out of range'],
] as const;

describe.each(['pre', 'post'])('%s hooks of a backup', (phase) => {
  const AT = '/spec/hooks/resources/0';
  const hook = (exec: object): object => ({ [phase]: [{ exec: { command: ['sync'], ...exec } }] });
  const faults = (resource: object): Promise<string[]> =>
    faultsOf('/backups', { hooks: { resources: [{ name: 'freeze', ...resource }] } });

  test.each(FILTERS)('filter %j', async (filter, fault) => {
    expect(await faults({ ...hook({}), ...filter })).toEqual([
      expect.stringContaining(fault.replace(' ', ` ${AT}`)),
    ]);
  });

  test.each(EXEC)('command %j', async (exec, fault) => {
    const at = `${AT}/${phase}/0/exec`;
    expect(await faults(hook(exec))).toEqual([
      expect.stringContaining(fault.replace(' ', ` ${at}`)),
    ]);
  });

  test.each(TIMEOUTS)('timeout %s', async (timeout, fault) => {
    expect(await faults(hook({ timeout }))).toEqual([
      expect.stringContaining(`${AT}/${phase}/0/exec/timeout ${fault}`),
    ]);
  });

  test('a hook without a command, and one of a restore, are none', async () => {
    expect(await faults({ [phase]: [{}] })).toEqual([
      `invalid-request ${AT}/${phase}/0/exec is missing`,
    ]);
    expect(await faults(hook({ execTimeout: '5s' }))).toEqual([
      `unknown-field ${AT}/${phase}/0/exec/execTimeout is not a field that is known; remove it`,
    ]);
  });

  test('hooks with every field are taken', async () => {
    const filters = {
      includedNamespaces: ['team-*'],
      excludedNamespaces: ['team-x'],
      includedResources: ['po'],
      excludedResources: ['secrets'],
      labelSelector: { matchLabels: { app: 'db' } },
    };
    const exec = { container: 'db', onError: 'Continue', timeout: '4h' };
    expect(await faults({ ...filters, ...hook(exec) })).toEqual([]);
  });
});

describe('hooks of a restore', () => {
  const AT = '/spec/hooks/resources/0';
  const INIT = `${AT}/postHooks/0/init`;
  const faults = (resource: object): Promise<string[]> =>
    faultsOf('/restores', {
      backupName: 'b',
      hooks: { resources: [{ name: 'load', ...resource }] },
    });
  const hook = (exec: object) => ({ postHooks: [{ exec: { command: ['load'], ...exec } }] });
  const init = (container: object, more: object = {}) => ({
    postHooks: [{ init: { initContainers: [{ name: 'w', image: 'i', ...container }], ...more } }],
  });

  test.each(FILTERS)('filter %j', async (filter, fault) => {
    expect(await faults({ ...hook({}), ...filter })).toEqual([
      expect.stringContaining(fault.replace(' ', ` ${AT}`)),
    ]);
  });

  test.each([
    ...EXEC,
    [{ waitForReady: 'yes' }, 'invalid-request /waitForReady must be boolean'],
  ] as const)('command %j', async (exec, fault) => {
    const at = `${AT}/postHooks/0/exec`;
    expect(await faults(hook(exec))).toEqual([
      expect.stringContaining(fault.replace(' ', ` ${at}`)),
    ]);
  });

  test.each(['execTimeout', 'waitTimeout'])('%s', async (field) => {
    for (const [timeout, fault] of TIMEOUTS) {
      expect(await faults(hook({ [field]: timeout }))).toEqual([
        expect.stringContaining(`${AT}/postHooks/0/exec/${field} ${fault}`),
      ]);
    }
  });

  test.each([
    [{ name: undefined }, '/name is missing'],
    [{ name: 'No' }, '/name is "No"; write lower-case letters'],
    [{ image: '' }, '/image is missing'],
    [{ image: 'a b' }, '/image is "a b", which is no name of an image'],
    [{ command: ['x', 1] }, '/command has something else than strings'],
  ])('init container %j', async (container, fault) => {
    expect(await faults(init(container))).toEqual([
      expect.stringContaining(`invalid-request ${INIT}/initContainers/0${fault}`),
    ]);
  });

  test('timeouts of init containers, and hooks of neither kind', async () => {
    expect(await faults(init({}, { timeout: 'x' }))).toEqual([
      expect.stringContaining(`invalid-request ${INIT}/timeout is "x"`),
    ]);
    expect(await faults({ postHooks: [{}] })).toEqual([
      `invalid-request ${AT}/postHooks/0 has no hook; give it init or exec`,
    ]);
  });

  test('hooks with every field are taken', async () => {
    const exec = { container: 'db', onError: 'Fail', execTimeout: '1m', waitTimeout: '5m' };
    expect(await faults(hook({ ...exec, waitForReady: true }))).toEqual([]);
    expect(await faults(init({ env: [{ name: 'A' }], args: [] }, { timeout: '1m' }))).toEqual([]);
  });
});

test('when a pod is thawed is a time of one second to a day', async () => {
  const faults = (thawAfter: string) => faultsOf('/backups', { hooks: { thawAfter } });
  expect(await faults('5m')).toEqual([]);
  for (const thawAfter of ['soon', '500ms', '25h']) {
    expect(await faults(thawAfter)).toEqual([
      expect.stringContaining(`invalid-request /spec/hooks/thawAfter is "${thawAfter}"`),
    ]);
  }
});

test('hooks that are too long to travel with the request are refused', async () => {
  const exec = { command: ['sh', '-c', 'x'.repeat(8000)] };
  const pre = [{ exec }, { exec }, { exec }, { exec }];
  expect(await faultsOf('/backups', { hooks: { resources: [{ name: 'a', pre }] } })).toEqual([
    expect.stringMatching(/^invalid-request \/spec\/hooks has 32\d{3} characters; write 30000/),
  ]);
});
