import { expect, test } from 'vitest';

import { RequestAccess } from '../../../api/access/request-access.ts';
import type { Governed } from '../../../api/access/route-access.ts';
import { RouteGuards } from '../../../api/access/route-guards.ts';
import type { AccessNeed } from '../../../domain/access/access-need.ts';
import type { BackupResource, ScheduleResource } from '../../../domain/api-resource.ts';
import { Failure } from '../../../domain/failure.ts';
import { SCHEDULE_DEFAULTS } from '../../../domain/schedules/schedule.ts';

// Goal: who owns a namespace comes to nothing by names that others have. Method: the owner of `shop`, a world of things
// with names, and what they get.

const OURS = 'uid-of-ours';

function backup(
  name: string,
  namespace: string,
  more: Partial<BackupResource['metadata']> = {},
): BackupResource {
  return {
    ...{ apiVersion: 'holdfast.dev/v1', kind: 'Backup' },
    metadata: {
      name,
      uid: name,
      location: 'default',
      creationTimestamp: '2026-01-01T00:00:00Z',
      clusterUid: OURS,
      ...more,
    },
    spec: {
      cluster: 'local',
      includedNamespaces: [namespace],
      excludedNamespaces: [],
      ttl: '1h0m0s',
    },
    status: {
      phase: 'Completed',
      progress: { itemsDone: 1, itemsTotal: 1 },
      warnings: 0,
      errors: 0,
    },
  };
}

function schedule(name: string, namespace: string): ScheduleResource {
  const template = backup(name, namespace).spec;
  return {
    ...{ apiVersion: 'holdfast.dev/v1', kind: 'Schedule' },
    metadata: { name, uid: name, generation: 1, creationTimestamp: '2026-01-01T00:00:00Z' },
    spec: {
      ...SCHEDULE_DEFAULTS,
      schedule: '@daily',
      location: 'default',
      paused: false,
      template,
    },
    status: {
      phase: 'Enabled',
      conditions: [],
      nextTimes: [],
      counts: { started: 0, skipped: 0, missed: 0, dropped: 0 },
    },
  };
}

const FOREIGN = backup('foreign', 'shop', { clusterUid: 'uid-of-another' });
/** As of Velero's own, whose cluster nobody has noted. */
const UNNOTED = {
  name: 'velero',
  uid: 'v',
  location: 'default',
  creationTimestamp: '2026-01-01T00:00:00Z',
};
const THINGS: readonly Governed[] = [
  backup('own', 'shop'),
  FOREIGN,
  { ...backup('velero', 'shop'), metadata: UNNOTED },
  schedule('nightly', 'bank'),
  schedule('hourly', 'shop'),
  backup('left-20260101000000', 'bank'),
  backup('mine-20260101000000', 'shop'),
];

function find(kind: Governed['kind'], name: string): Promise<Governed> {
  const thing = THINGS.find((one) => one.kind === kind && one.metadata.name === name);
  return thing === undefined
    ? Promise.reject(new Failure('not-found', 'there is none'))
    : Promise.resolve(thing);
}

/** The times since which backups were looked at, as the guards asked. */
const ASKED_SINCE: (number | undefined)[] = [];

const GUARDS = new RouteGuards(
  { ownCluster: 'local', ownNamespace: 'holdfast', clusterUid: () => Promise.resolve(OURS) },
  {
    backup: ({ name }, since) => {
      ASKED_SINCE.push(since);
      return find('Backup', name);
    },
    restore: ({ name }) => find('Restore', name),
    schedule: (name) => find('Schedule', name),
    backupNames: (_location, start) =>
      Promise.resolve(
        THINGS.map(({ metadata }) => metadata.name).filter((name) => name.startsWith(start)),
      ),
  },
);

/** May do everything in some namespaces, and nothing elsewhere. */
function ownerOf(...namespaces: string[]): RequestAccess {
  const allows = ({ namespace }: AccessNeed): boolean =>
    namespace !== undefined && namespaces.includes(namespace);
  return new RequestAccess({ username: 'olga', groups: [] }, (_subject, need) =>
    Promise.resolve(allows(need)),
  );
}

async function codeOf(asked: Promise<unknown>): Promise<string> {
  try {
    await asked;
    return 'passed';
  } catch (error) {
    return error instanceof Failure ? error.code : String(error);
  }
}

test.each([
  ['own', 'passed'],
  ['foreign', 'forbidden'],
  ['velero', 'forbidden'],
  ['gone', 'forbidden'],
])('the owner of a namespace gets to the backup %s: %s', async (name, code) => {
  const key = { location: 'default', name };
  const one = { kind: 'Backup', verb: 'get', key } as const;
  expect(await codeOf(GUARDS.requireRun(ownerOf('shop'), one))).toBe(code);
  const source = { backupName: name };
  expect(await codeOf(GUARDS.requireSource(ownerOf('shop'), 'default', source))).toBe(code);
});

test.each([
  [undefined, 'forbidden'],
  ['log', 'passed'],
])('who may do something with the part %s of backups gets to the log: %s', async (part, code) => {
  const access = new RequestAccess({ username: 'lena', groups: [] }, (_subject, need) =>
    Promise.resolve(need.namespace === 'shop' && need.subresource === part),
  );
  const key = { location: 'default', name: 'own' };
  const log = { kind: 'Backup', verb: 'get', part: 'log', key } as const;
  expect(await codeOf(GUARDS.requireRun(access, log))).toBe(code);
});

test('without rights in the whole cluster nobody restores from the newest of a schedule', async () => {
  const source = { backupName: '', scheduleName: 'hourly' };
  expect(await codeOf(GUARDS.requireSource(ownerOf('shop'), 'default', source))).toBe('forbidden');
});

test.each([
  ['anything', 'passed'],
  ['hourly-20260101000000', 'passed'],
  ['unknown-20260101000000', 'passed'],
  ['nightly-20260101000000', 'forbidden'],
  ['nightly-20260101000000-2', 'forbidden'],
])('a backup of the owner may have the name %s: %s', async (name, code) => {
  expect(await codeOf(GUARDS.requireName(ownerOf('shop'), name))).toBe(code);
});

test.each([
  ['mine', 'passed'],
  ['lef', 'passed'],
  ['left', 'forbidden'],
])('a schedule of the owner may have the name %s: %s', async (name, code) => {
  expect(await codeOf(GUARDS.requireNoHeirs(ownerOf('shop'), name, 'default'))).toBe(code);
});

test('who changes something is asked about the run as it is now, not as it was seconds ago', async () => {
  const key = { location: 'default', name: 'own' };
  const since = async (verb: 'get' | 'update' | 'delete'): Promise<number | undefined> => {
    await GUARDS.requireRun(ownerOf('shop'), { kind: 'Backup', verb, key });
    return ASKED_SINCE.at(-1);
  };
  expect(await since('get')).toBeUndefined();
  const now = performance.now();
  expect(await since('update')).toBeGreaterThanOrEqual(now);
  expect(await since('delete')).toBeGreaterThanOrEqual(now);
  await GUARDS.requireSource(ownerOf('shop'), 'default', { backupName: 'own' });
  expect(ASKED_SINCE.at(-1)).toBeGreaterThanOrEqual(now);
});
