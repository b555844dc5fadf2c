import { gunzipSync } from 'node:zlib';

import { afterAll, beforeAll, expect, test, vi } from 'vitest';

import { backupKeys, restoreKeys, workFolder } from '../../domain/object-key.ts';
import type { RunLogEntry } from '../../domain/run-log/entry.ts';
import { readAll } from '../../storage/object-store/read-all.ts';
import type { ObjectStore } from '../../storage/object-store/port.ts';
import { keysUnder } from '../support/archive-items.ts';
import { dropNamespaces } from '../support/dropped-namespaces.ts';
import { FaultProxy } from '../support/fault-proxy.ts';
import { freshNamespace } from '../support/fresh-namespace.ts';
import { startHoldfast } from '../support/holdfast.ts';
import { AGENT_NODE, Installation } from '../support/installation.ts';
import { applyVolumePod } from '../support/volume-pods.ts';

// Goal: what happens in a run is read while it goes on and afterwards, and no killed process loses what ended. Method: a
// backup with a volume, a hook that speaks and one that fails, and a bucket that fails for a while.

const TOKEN = 'eyJhbGciOiJIUzI1NiJ9.c2VjcmV0LXRoYXQtaXMtcGxhbnRlZA.x';
const SAYS = `echo said; echo token=${TOKEN}; echo grumbled >&2`;

let installation: Installation;
let proxy: FaultProxy;
let store: ObjectStore;
let namespace: string;
let copy: string;

beforeAll(async () => {
  proxy = await FaultProxy.start(process.env['S3_ENDPOINT'] ?? '');
  [installation, namespace] = await Promise.all([
    Installation.start({
      ...{ s3Endpoint: proxy.url, hasAgent: true },
      environment: { api: { HOLDFAST_DRAIN: '0s' } },
    }),
    freshNamespace('logs'),
  ]);
  copy = `${namespace}-copy`;
  store = installation.store();
  const pod = { namespace, node: AGENT_NODE };
  const hook = (script: string, more: Record<string, string> = {}) =>
    Object.fromEntries(
      Object.entries({ command: JSON.stringify(['sh', '-c', script]), ...more }).map(
        ([key, value]) => [`pre.hook.backup.velero.io/${key}`, value],
      ),
    );
  await Promise.all([
    applyVolumePod({
      ...{ ...pod, name: 'good', annotations: hook(SAYS), claims: ['good'] },
      fill: 'echo data > good/file',
    }),
    applyVolumePod({
      ...{ ...pod, name: 'bad', annotations: hook('echo why >&2; exit 3'), claims: ['bad'] },
    }),
  ]);
});

afterAll(async () => {
  store.close();
  await dropNamespaces(namespace, copy, installation.ownNamespace);
  await installation.stop();
  proxy.stop();
});

test('a backup tells what it does while it goes on, and its record has the same', async () => {
  failWrites();
  await installation.createBackup('told', [namespace]);
  const followed = linesOf('backups', 'told', '?follow=true');
  await vi.waitFor(
    async () => {
      const failed = await entriesOf('backups', 'told', '?level=warning');
      expect(failed.map(({ code, attempt }) => ({ code, attempt }))).toContainEqual({
        ...{ code: 'location-unreachable', attempt: 1 },
      });
      expect(failed.map(({ source }) => source)).toContain('hook');
    },
    { timeout: 120_000, interval: 500 },
  );
  proxy.faults = [];
  expect((await installation.ended('backups', 'told')).status.phase).toBe('PartiallyFailed');
  const lines = await followed;
  const recorded = await linesOf('backups', 'told');
  expect([...lines].sort()).toEqual([...recorded].sort());
});

test('the record has phases, steps, hooks, failures and how it ended, each with its time', async () => {
  const entries = await entriesOf('backups', 'told');
  const phases = entries.flatMap(({ phase, step }) =>
    phase === undefined ? [] : [`${phase} ${step}`],
  );
  expect(phases[0]).toBe('New open');
  expect(phases).toContain('InProgress volumes');
  expect(phases.slice(-2)).toEqual(['FinalizingPartiallyFailed commit', 'PartiallyFailed commit']);
  const said = entries.filter(({ source }) => source === 'hook').map(({ message }) => message);
  expect(said).toContain('stdout: said\ntoken=***');
  expect(said).toContain('stderr: grumbled');
  expect(said).toContain('stderr: why');
  const failed = entries.find(({ code, level }) => code === 'hook-failed' && level === 'error');
  expect(failed).toMatchObject({ step: 'freezePod', object: `pod ${namespace}/bad: pre hook` });
  const retried = entries.find(({ code }) => code === 'location-unreachable');
  expect(retried).toMatchObject({ level: 'warning', step: 'writeSmallBackup' });
  expect(retried?.hint).toContain('tried again');
  const copied = entries.find(({ message }) => message.startsWith('copyVolume ends'));
  expect(copied).toMatchObject({ node: AGENT_NODE });
  expect(copied?.message).toContain('1 files');
  const times = entries.slice(0, -2).map(({ time }) => Date.parse(time));
  expect(times).toEqual([...times].sort((left, right) => left - right));
  expect(JSON.stringify(entries)).not.toContain('c2VjcmV0');
});

test('Velero is shown the same lines, and the parts are gone', async () => {
  const entries = await entriesOf('backups', 'told');
  const text = gunzipSync(await readAll(store, backupKeys('told').logs)).toString();
  expect(text.split('\n')).toHaveLength(entries.length + 1);
  expect(text).toMatch(/^time="[^"]+" level=info msg="Backup started" backup=told run=\S+ /);
  expect(await keysUnder(store, 'backups/told/work/')).toEqual([]);
});

test('a restore has a log too, of which the end alone can be read', async () => {
  await installation.createRestore('back', {
    ...{ backupName: 'told', namespaceMapping: { [namespace]: copy } },
  });
  await installation.ended('restores', 'back');
  const entries = await entriesOf('restores', 'back');
  expect(entries.map(({ step }) => step)).toContain('restoreVolume');
  expect((await entriesOf('restores', 'back', '?tailLines=1'))[0]?.message).toMatch(
    /^Restore ended: /,
  );
  const logs = gunzipSync(await readAll(store, restoreKeys('back').logs)).toString();
  expect(logs).toContain('msg="Restore started" restore=back');
});

test('a command follows a log over the end of the API, and prints each line once', async () => {
  proxy.faults = [{ method: 'PUT', matches: isTarball, effect: 'delay', delayMs: 20_000 }];
  await installation.createBackup('followed', [namespace]);
  const args = ['backup', 'logs', 'followed', '--follow', '-o', 'json'];
  const command = startHoldfast(args, { HOLDFAST_SERVER: installation.apiUrl });
  await expect.poll(() => command.stdout, { timeout: 30_000 }).toContain('stdout: said');
  expect(await installation.end('api', 'SIGTERM')).toBe(0);
  await installation.startPart('api');
  expect(await command.status, command.stderr).toBe(0);
  const lines = command.stdout.trimEnd().split('\n');
  expect(lines.sort()).toEqual((await linesOf('backups', 'followed')).sort());
  proxy.faults = [];
});

test('a command prints lines for people, and a wait for a run that failed names it', async () => {
  const env = { HOLDFAST_SERVER: installation.apiUrl };
  const logs = startHoldfast(['logs', 'backup', 'told', '--level=error', '--tail=50'], env);
  expect(await logs.status, logs.stderr).toBe(0);
  expect(logs.stdout).toMatch(/^\S+Z ERROR freezePod .*exit code 3 \[hook-failed\] \(.+\)$/m);
  expect(logs.stdout).not.toContain(' INFO ');
  const create = ['backup', 'create', 'waited', '--cluster', installation.name, '--wait'];
  const waiting = startHoldfast([...create, '--include-namespaces', namespace], env);
  expect(await waiting.status).toBe(3);
  expect(waiting.stderr).toContain('holdfast backup logs waited\n');
});

test('a backup that is cancelled keeps its log', async () => {
  proxy.faults = [{ method: 'PUT', matches: isTarball, effect: 'delay', delayMs: 20_000 }];
  await installation.createBackup('cancelled', [namespace]);
  await vi.waitFor(
    async () => {
      expect(await entriesOf('backups', 'cancelled', '?level=warning')).not.toEqual([]);
    },
    { timeout: 60_000, interval: 500 },
  );
  await installation.request('POST', '/backups/cancelled:cancel');
  const { metadata } = await installation.ended('backups', 'cancelled');
  proxy.faults = [];
  const entries = await entriesOf('backups', 'cancelled');
  expect(entries.map(({ code }) => code)).toContain('hook-failed');
  expect(entries.at(-1)?.message).toMatch(/^Backup ended: Cancelled/);
  const work = workFolder(backupKeys('cancelled').folder, metadata.uid);
  await vi.waitFor(async () => {
    expect(await keysUnder(store, work)).toEqual([]);
  });
});

test('a backup that is refused leaves nothing, and has no log', async () => {
  expect((await installation.createBackup('refused', ['no-such-namespace'])).status).toBe(422);
  expect(await keysUnder(store, 'backups/refused/')).toEqual([]);
  const response = await fetch(`${installation.apiUrl}/api/v1/backups/refused/logs`);
  expect(response.status).toBe(404);
});

test('a killed worker loses nothing of what had ended', async () => {
  const until = new Promise((resolve) => setTimeout(resolve, 30_000));
  proxy.faults = [{ method: 'PUT', matches: isTarball, effect: 'delay', until }];
  await installation.createBackup('killed', [namespace]);
  const isSaid = ({ message }: RunLogEntry): boolean => message.startsWith('stdout: said');
  await vi.waitFor(
    async () => {
      expect((await entriesOf('backups', 'killed')).some(isSaid)).toBe(true);
    },
    { timeout: 60_000, interval: 300 },
  );
  const before = await linesOf('backups', 'killed');
  await installation.kill('worker');
  proxy.faults = [];
  await installation.startPart('worker');
  await installation.ended('backups', 'killed');
  const recorded = await linesOf('backups', 'killed');
  expect(before.filter((line) => !recorded.includes(line))).toEqual([]);
  const again = (await entriesOf('backups', 'killed')).find(({ attempt }) => attempt === 2);
  expect(again).toMatchObject({ level: 'info', message: 'writeSmallBackup begins' });
}, 300_000);

function isTarball(path: string): boolean {
  return path.endsWith('.tar.gz');
}

function failWrites(): void {
  proxy.faults = [{ method: 'PUT', matches: isTarball, effect: 'fail' }];
}

async function linesOf(plural: string, name: string, query = ''): Promise<string[]> {
  const response = await fetch(`${installation.apiUrl}/api/v1/${plural}/${name}/logs${query}`);
  expect(response.status).toBe(200);
  expect(response.headers.get('content-type')).toBe('application/x-ndjson');
  return (await response.text()).split('\n').filter((line) => line !== '');
}

async function entriesOf(plural: string, name: string, query = ''): Promise<RunLogEntry[]> {
  // The assertions look at what they have.
  return (await linesOf(plural, name, query)).map((line) => JSON.parse(line) as RunLogEntry);
}
