import { setTimeout as sleep } from 'node:timers/promises';

import { afterAll, beforeAll, expect, test } from 'vitest';

import type { RestoreHookList } from '../../domain/api-resource.ts';
import type { ObjectStore } from '../../storage/object-store/port.ts';
import { applyYaml } from '../support/applied-yaml.ts';
import { archiveItems, keysUnder } from '../support/archive-items.ts';
import { CONFIG_MAP, fillNamespace } from '../support/cluster-fixture.ts';
import { dropNamespaces } from '../support/dropped-namespaces.ts';
import { FaultProxy } from '../support/fault-proxy.ts';
import { Installation, type Part } from '../support/installation.ts';
import { kubectl } from '../support/kubectl.ts';
import {
  differences,
  ownersIn,
  ownersOf,
  PRESENT,
  randomNumbers,
  type RestoreEnd,
  RestoreKills,
} from '../support/restore-kills.ts';
import { isWorkKey } from '../support/work-keys.ts';

// Goal: any process may be killed at any point of a run, and the run ends as an undisturbed one.
// Method: a proxy in front of the S3 server holds one request of each run until it is told to let go, so that at one
// moment there is a run at each point; a command of a restore waits for a file. Then a part is killed, and started again. Archives are compared item by item
// with an undisturbed one, restores by what they report of each item and by what the namespace then holds. `make
// test-kill` kills the worker at more points of larger restores.

/** More than one activity writes. */
const OBJECTS = 1100;
const SMALL_OBJECTS = 20;
/** How a restore of these ends, with what Kubernetes puts into each namespace. */
const END = {
  phase: 'Completed',
  counts: { created: 1000, updated: 0, recreated: 0, unchanged: 53, skipped: 50, failed: 0 },
};
/** Of the objects, those that a restore has created at least, and may have created at most, when it is disturbed. */
const CREATED = { least: 1, most: 300 };

/** Where a run is held: a request for the object whose path has this end. */
interface Point {
  readonly method: string;
  readonly end: (name: string) => string;
  /** Whether it is a file of the run's work, and not of its result. */
  readonly isWork?: true;
}

const archive = (name: string): string => `/${name}/${name}.tar.gz`;

const BACKUP_POINTS: Readonly<Record<string, Point>> = {
  plan: { method: 'PUT', end: () => '/plan.json.gz' },
  export: { method: 'PUT', end: () => '.tar.gz', isWork: true },
  assemble: { method: 'PUT', end: archive },
  verify: { method: 'GET', end: archive },
  commit: { method: 'PUT', end: () => '/velero-backup.json' },
};
/** Backups that one activity writes and reads back. */
const SMALL_POINTS: Readonly<Record<string, Point>> = {
  write: { method: 'PUT', end: archive },
  index: { method: 'PUT', end: (name) => `/${name}/${name}-index.json.gz` },
  verify: { method: 'GET', end: archive },
};
const RESTORE_POINTS: Readonly<Record<string, Point>> = {
  plan: { method: 'PUT', end: () => '-items.json.gz', isWork: true },
  apply: { method: 'PUT', end: () => '-outcomes.json.gz' },
  relink: { method: 'PUT', end: () => '-owners.json.gz', isWork: true },
  report: { method: 'PUT', end: () => '-results.gz' },
};

const namespace = `kill-${String(process.pid)}`;
const small = `${namespace}-small`;
const hooked = `${namespace}-hooked`;
/** A command in a restored pod, which says that it runs and ends when it may. */
const HOOK = 'echo run >> /runs; while [ ! -e /go ]; do sleep 0.2; done; echo said';
const copies: string[] = [];
const SEED = process.pid;
const random = randomNumbers(SEED);
let proxy: FaultProxy;
let installation: Installation;
let store: ObjectStore;
let kills: RestoreKills;
let undisturbed: RestoreEnd;
let expected: string[];
let expectedSmall: string[];

beforeAll(async () => {
  proxy = await FaultProxy.start(process.env['S3_ENDPOINT'] ?? '');
  installation = await Installation.start({ s3Endpoint: proxy.url });
  store = installation.store();
  kills = new RestoreKills(installation, namespace, random);
  await kills.backUp(OBJECTS);
  expected = await archiveItems(store, namespace);
  await kills.start('undisturbed');
  undisturbed = await kills.end('undisturbed');
  expect({ phase: undisturbed.phase, counts: undisturbed.counts }).toEqual(END);
  expect(undisturbed.owners).toEqual(ownersOf(OBJECTS));
  await fillNamespace(small, { type: CONFIG_MAP, count: SMALL_OBJECTS, bytes: 300 });
  await installation.createBackup('undisturbed-small', [small]);
  await installation.ended('backups', 'undisturbed-small');
  expectedSmall = await archiveItems(store, 'undisturbed-small');
  await applyHookedPod();
  await installation.createBackup('hooked', [hooked]);
  await installation.ended('backups', 'hooked');
});

afterAll(async () => {
  store.close();
  await installation.stop();
  proxy.stop();
  await kills.clear('later');
  await dropNamespaces(namespace, small, hooked, ...copies);
});

async function applyHookedPod(): Promise<void> {
  const namespaceYaml = { apiVersion: 'v1', kind: 'Namespace', metadata: { name: hooked } };
  const annotations = {
    'post.hook.restore.velero.io/command': JSON.stringify(['sh', '-c', HOOK]),
    'post.hook.restore.velero.io/exec-timeout': '5m',
    'post.hook.restore.velero.io/on-error': 'Fail',
  };
  const container = {
    ...{ name: 'main', image: 'holdfast.test/busybox:1.35', imagePullPolicy: 'IfNotPresent' },
    command: ['/pause'],
  };
  const pod = {
    ...{ apiVersion: 'v1', kind: 'Pod', metadata: { name: 'web', namespace: hooked, annotations } },
    spec: { terminationGracePeriodSeconds: 0, containers: [container] },
  };
  await applyYaml([namespaceYaml, pod].map((one) => JSON.stringify(one)).join('\n---\n'));
}

/** Runs a shell text in the pod of a restore that runs a command. */
function inHooked(restore: string, script: string): Promise<string> {
  return kubectl('-n', `${namespace}-${restore}`, 'exec', 'web', '--', 'sh', '-c', script);
}

interface Held {
  readonly backups: readonly string[];
  readonly smallBackups: readonly string[];
  readonly restores: readonly string[];
  /** The restore that was creating objects. */
  readonly creating: string;
  /** The restore whose command was running. */
  readonly running: string;
  readonly release: () => void;
}

/** Starts a run for each point, and waits until each is held there, and one restore is in the middle of creating. */
async function startAll(parts: readonly Part[]): Promise<Held> {
  const part = parts.join('-');
  const runs = [
    ...namesOf(part, 'backup', BACKUP_POINTS),
    ...namesOf(part, 'small', SMALL_POINTS),
    ...namesOf(part, 'restore', RESTORE_POINTS),
  ];
  let release: () => void = () => undefined;
  const until = new Promise<void>((resolve) => {
    release = resolve;
  });
  const held = new Set<string>();
  proxy.faults = runs.map(({ name, point: { method, end, isWork = false } }) => ({
    method,
    effect: 'delay',
    until,
    matches: (path) => {
      const isOwn = path.includes(`/${name}/`) && path.endsWith(end(name));
      if (isOwn && (!isWork || isWorkKey(path))) {
        held.add(name);
        return true;
      }
      return false;
    },
  }));
  const of = (kind: Run['kind']): string[] =>
    runs.filter((run) => run.kind === kind).map(({ name }) => name);
  const creating = `${part}-creating`;
  const running = `${part}-running`;
  await Promise.all([
    ...of('backup').map((name) => installation.createBackup(name, [namespace])),
    ...of('small').map((name) => installation.createBackup(name, [small])),
    ...of('restore').map((name) => startRestore(name)),
    startRestore(running, { backup: 'hooked', source: hooked }),
  ]);
  while (held.size < runs.length) {
    await sleep(20);
  }
  // While there is no such pod, there is no such file.
  const hasBegun = () => inHooked(running, 'cat /runs').catch(() => '');
  await expect.poll(hasBegun).toBe('run\n');
  await kills.start(creating);
  const enough = PRESENT + CREATED.least + random() * (CREATED.most - CREATED.least);
  await expect
    .poll(() => createdIn(creating), { interval: 20, timeout: 60_000 })
    .toBeGreaterThan(enough);
  expect(await createdIn(creating)).toBeLessThan(OBJECTS);
  return {
    backups: of('backup'),
    smallBackups: of('small'),
    restores: of('restore'),
    creating,
    running,
    release: () => {
      proxy.faults = [];
      release();
    },
  };
}

interface Run {
  readonly kind: 'backup' | 'small' | 'restore';
  readonly name: string;
  readonly point: Point;
}

function namesOf(part: string, kind: Run['kind'], points: Readonly<Record<string, Point>>): Run[] {
  return Object.entries(points).map(([place, point]) => ({
    kind,
    name: `${part}-${kind}-${place}`,
    point,
  }));
}

async function startRestore(
  name: string,
  { backup, source } = { backup: namespace, source: namespace },
): Promise<void> {
  const copy = `${namespace}-${name}`;
  copies.push(copy);
  const namespaceMapping = { [source]: copy };
  await installation.createRestore(name, { backupName: backup, namespaceMapping });
}

async function createdIn(restore: string): Promise<number> {
  const args = ['get', 'configmaps', '-o', 'name', '--ignore-not-found'];
  const names = await kubectl('-n', `${namespace}-${restore}`, ...args);
  return names.split('\n').filter((line) => line.includes('/item-')).length;
}

async function expectWhole(names: readonly string[], items: readonly string[]): Promise<void> {
  for (const name of names) {
    const { status } = await installation.ended('backups', name);
    expect({ name, phase: status.phase, failure: status.failure }).toEqual({
      name,
      phase: 'Completed',
    });
    expect(await archiveItems(store, name)).toEqual(items);
  }
}

/** Expects that a restore ends whose command was disturbed, and tells one end of it. Gives how often the command ran. */
async function expectHooked(name: string): Promise<number> {
  await inHooked(name, 'touch /go');
  const { phase } = (await installation.ended('restores', name)).status;
  expect({ name, phase }).toEqual({ name, phase: 'Completed' });
  const { body } = await installation.request<RestoreHookList>('GET', `/restores/${name}/hooks`);
  expect(body.items.map(({ runs }) => runs)).toMatchObject([
    [{ outcome: 'Succeeded', exitCode: 0, stdout: 'said\n' }],
  ]);
  return (await inHooked(name, 'cat /runs')).trim().split('\n').length;
}

test.each<{ parts: readonly Part[] }>([{ parts: ['worker'] }, { parts: ['temporal', 'api'] }])(
  `a kill of $parts changes no result (seed ${String(SEED)})`,
  async ({ parts }) => {
    const { backups, smallBackups, restores, creating, running, release } = await startAll(parts);
    await Promise.all(parts.map((part) => installation.kill(part)));
    release();
    for (const part of parts) {
      await installation.startPart(part);
    }
    await expectWhole(backups, expected);
    await expectWhole(smallBackups, expectedSmall);
    for (const name of restores) {
      const { status } = await installation.ended('restores', name);
      expect({ name, phase: status.phase }).toEqual({ name, phase: 'Completed' });
      expect(status).toMatchObject({ counts: { failed: 0, skipped: 0 } });
      expect(await createdIn(name)).toBe(OBJECTS);
      expect(await ownersIn(`${namespace}-${name}`)).toEqual(undisturbed.owners);
    }
    // Nobody knows how a command ended that a killed worker had begun.
    expect(await expectHooked(running)).toBe(parts.includes('worker') ? 2 : 1);
    const end = await kills.end(creating);
    expect({ phase: end.phase, counts: end.counts }).toEqual(END);
    expect(differences(undisturbed, end)).toEqual([]);
    await expect
      .poll(async () => (await keysUnder(store, '')).filter(isWorkKey), {
        timeout: 30_000,
      })
      .toEqual([]);
  },
);
