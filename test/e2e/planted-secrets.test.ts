import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';

import { afterAll, beforeAll, expect, test } from 'vitest';

import { MASTER_KEY_SECRET } from '../../activities/volumes/master-key.ts';
import { repositoryPassword } from '../../activities/engine/repository-password.ts';
import type { RunResource } from '../../domain/api-resource.ts';
import { backupKeys, restoreKeys } from '../../domain/object-key.ts';
import { isEndPhase } from '../../domain/phase.ts';
import { storageLocation } from '../../domain/storage-location.ts';
import { openObjectStore } from '../../storage/object-store/open.ts';
import { applyYaml } from '../support/applied-yaml.ts';
import { dropNamespaces } from '../support/dropped-namespaces.ts';
import { EventReceiver } from '../support/event-receiver.ts';
import { freePort } from '../support/free-port.ts';
import { freshNamespace } from '../support/fresh-namespace.ts';
import { startHoldfast } from '../support/holdfast.ts';
import { AGENT_NODE, Installation } from '../support/installation.ts';
import { kubectl } from '../support/kubectl.ts';
import { startLocalWebhook } from '../support/local-webhook.ts';
import {
  filesOf,
  objectsOf,
  plantedValue,
  RememberingCaller,
  toldByTemporal,
  writeTokens,
} from '../support/planted-secrets.ts';
import { type PluginWorker, startPlugin } from '../support/plugin-worker.ts';
import { type Place, SecretSearch } from '../support/secret-search.ts';
import { TestPlugin } from '../support/test-plugin.ts';
import { VersityGateway } from '../support/versitygw.ts';
import { applyVolumePod } from '../support/volume-pods.ts';

// Goal: a secret is nowhere but where it belongs, whatever fails around it. Method: values that nobody else has, in a
// Secret, in what a plugin makes of an object, in what a hook writes, in the credentials of a location, in the master key,
// in a caller's token and in the key that signs notifications; a backup and a restore that fail because of them, with the
// API server and a webhook quoting them; then all that Holdfast has written or answered is searched. Each place has to
// show that it was looked at by something that is no secret.

const VALUES = {
  object: plantedValue('object'),
  patched: plantedValue('patched'),
  hook: plantedValue('hook'),
  credential: plantedValue('credential'),
  token: plantedValue('token'),
  signingKey: plantedValue('signing'),
  masterKey: Buffer.from(plantedValue('master').slice(0, 32).padEnd(32, '0')).toString('hex'),
} as const;
const LOCATION = 'planted-vault';
const BACKUP = 'planted-backup';
const RESTORE = 'planted-restore';
const AUDIT = 'audit.log';

let installation: Installation;
let gateway: VersityGateway;
let receiver: EventReceiver;
let worker: PluginWorker;
let caller: RememberingCaller;
let namespace: string;
let copy: string;
let folder: string;
let metricsPorts: Readonly<Record<'api' | 'worker' | 'agent', string>>;
/** Each value, and the password of the repository, which is made of one of them. */
const secrets: Record<string, string> = { ...VALUES };
const ends: (() => Promise<unknown>)[] = [];

beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), 'holdfast-planted-'));
  [namespace, copy] = await Promise.all([
    freshNamespace('planted'),
    freshNamespace('planted-copy'),
  ]);
  await start();
  await prepare();
  await backUp();
  await restore();
});

afterAll(async () => {
  for (const end of ends.reverse()) {
    await end();
  }
  await dropNamespaces(namespace, copy, installation.ownNamespace);
  await rm(folder, { recursive: true });
});

async function start(): Promise<void> {
  const port = async () => String(await freePort());
  metricsPorts = { api: await port(), worker: await port(), agent: await port() };
  const tokens = join(folder, 'tokens.json');
  const user = `planted-${String(process.pid)}`;
  await writeTokens(tokens, user, VALUES.token);
  await kubectl(
    'create',
    'clusterrolebinding',
    user,
    `--user=${user}`,
    '--clusterrole=cluster-admin',
  );
  ends.push(() => kubectl('delete', 'clusterrolebinding', user));
  gateway = await VersityGateway.start(VALUES.credential);
  ends.push(() => gateway.stop());
  receiver = await EventReceiver.start();
  ends.push(() => {
    receiver.stop();
    return Promise.resolve();
  });
  installation = await Installation.start({
    hasAgent: true,
    environment: {
      api: {
        ...{ HOLDFAST_AUTH: 'Tokens', HOLDFAST_AUTH_TOKENS_FILE: tokens },
        ...{ HOLDFAST_AUDIT_LOG: join(folder, AUDIT), HOLDFAST_METRICS_PORT: metricsPorts.api },
        HOLDFAST_LOG_LEVEL: 'debug',
      },
      worker: { HOLDFAST_METRICS_PORT: metricsPorts.worker },
      agent: { HOLDFAST_METRICS_PORT: metricsPorts.agent },
    },
  });
  ends.push(() => installation.stop());
  caller = new RememberingCaller(installation.apiUrl, VALUES.token);
}

/** What is in the cluster, and what Holdfast is told of. */
async function prepare(): Promise<void> {
  const { name: cluster, ownNamespace: own } = installation;
  await kubectl('create', 'namespace', own);
  const secret = (where: string, name: string, more: object): string =>
    JSON.stringify({ ...objectOf('Secret', where, name), ...more });
  const keys = {
    AWS_ACCESS_KEY_ID: process.env['AWS_ACCESS_KEY_ID'],
    AWS_SECRET_ACCESS_KEY: VALUES.credential,
  };
  const signingKeys = `whsec_${Buffer.from(VALUES.signingKey).toString('base64')}`;
  const objects = [
    secret(namespace, 'till', { stringData: { pin: VALUES.object } }),
    secret(namespace, 'fixed', { stringData: { pin: VALUES.object } }),
    secret(copy, 'fixed', { stringData: { pin: 'another' }, immutable: true }),
    JSON.stringify({ ...objectOf('ConfigMap', namespace, 'till'), data: { currency: 'EUR' } }),
    secret(own, 'vault', { stringData: keys }),
    secret(own, 'signing', { stringData: { signingKeys } }),
    secret(own, MASTER_KEY_SECRET, { stringData: { key: VALUES.masterKey } }),
  ];
  await applyYaml(objects.join('\n---\n'));
  await applyVolumePod({
    ...{ namespace, name: 'web', node: AGENT_NODE, claims: ['data'], fill: 'echo 1 > data/file' },
    annotations: {
      'pre.hook.backup.velero.io/command': saying(VALUES.hook, 0),
      'post.hook.backup.velero.io/command': saying(VALUES.hook, 3),
      'post.hook.restore.velero.io/command': saying(VALUES.hook, 3),
    },
  });
  const webhook = await startLocalWebhook(copy, () => ({
    ...{ code: 422, message: `spec.pin: Invalid value: "${VALUES.object}"` },
  }));
  ends.push(() => webhook.remove());
  const plugin = new TestPlugin({
    ...{
      contract: 'v1',
      backupActions: [{ name: 'mask', selector: { includedResources: ['secrets'] } }],
    },
  });
  const value = Buffer.from(VALUES.patched).toString('base64');
  const patch = [{ op: 'add', path: '/data/patched', value }] as const;
  plugin.answer = ({ item }) => (item.name === 'till' ? { patch: [...patch] } : undefined);
  worker = await startPlugin(installation, 'masker', plugin.activities);
  ends.push(() => worker.stop());
  const made = async (path: string, name: string, spec: object): Promise<void> => {
    await caller.ask('POST', path, { metadata: { name }, spec });
  };
  await made('/plugins', 'masker', { cluster });
  await made('/storage-locations', LOCATION, vault());
  await made('/notification-endpoints', 'ops', {
    ...{ url: receiver.url, secretRef: { name: 'signing' } },
  });
}

function objectOf(kind: string, where: string, name: string): object {
  return { apiVersion: 'v1', kind, metadata: { name, namespace: where } };
}

const vault = () => ({
  ...{ provider: 's3', bucket: gateway.bucket, endpoint: gateway.endpoint },
  credentials: { secretName: 'vault' },
});

/** A command that writes a value, and does not have it in its own words. */
function saying(value: string, exitCode: number): string {
  const half = value.length / 2;
  const script = `echo ${value.slice(0, half)}"${value.slice(half)}"; exit ${String(exitCode)}`;
  return JSON.stringify(['sh', '-c', script]);
}

async function ended(path: string): Promise<RunResource['status']> {
  for (;;) {
    const { status } = await caller.ask<RunResource>('GET', path);
    if (isEndPhase(status.phase)) {
      return status;
    }
  }
}

async function backUp(): Promise<void> {
  const spec = { cluster: installation.name, includedNamespaces: [namespace] };
  await caller.ask('POST', at('/backups'), { metadata: { name: BACKUP }, spec });
  const status = await ended(at(`/backups/${BACKUP}`));
  expect(status).toMatchObject({ phase: 'PartiallyFailed', hooks: { failed: 1 } });
  const uid = await kubectl('get', 'namespace', 'kube-system', '-o', 'jsonpath={.metadata.uid}');
  secrets['password'] = repositoryPassword(VALUES.masterKey, { clusterUid: uid, namespace });
}

async function restore(): Promise<void> {
  const spec = {
    ...{ cluster: installation.name, backupName: BACKUP, existingResourcePolicy: 'update' },
    ...{ namespaceMapping: { [namespace]: copy }, resourceTimeout: '30s' },
  };
  const body = { metadata: { name: RESTORE }, spec };
  await caller.ask('POST', at('/restores?dryRun=All'), body);
  await caller.ask('POST', at('/restores'), body);
  const status = await ended(at(`/restores/${RESTORE}`));
  // The ConfigMap, and the Secret that must not change.
  expect(status).toMatchObject({ phase: 'PartiallyFailed', counts: { failed: 2 } });
}

/** A path about the location with the planted credentials. */
function at(path: string): string {
  return `${path}${path.includes('?') ? '&' : '?'}location=${LOCATION}`;
}

/** What every reader of a backup and a restore may ask for. */
async function answersTo(paths: readonly string[]): Promise<readonly Place[]> {
  for (const path of paths) {
    await caller.ask('GET', path);
  }
  return caller.answers.filter(({ place }) => !Object.hasOwn(SHOWN, place));
}

const PATHS = [
  ...[`/backups/${BACKUP}`, `/restores/${RESTORE}`].flatMap((path) => [
    ...['', '/items', '/events', '/logs'].map((more) => at(`${path}${more}`)),
  ]),
  at(`/backups/${BACKUP}/coverage`),
  at(`/backups/${BACKUP}/download`),
  ...['/backups', '/restores'].map(at),
  ...[
    '/storage-locations',
    `/storage-locations/${LOCATION}`,
    '/notification-endpoints',
    '/schedules',
  ],
];

/** Answers that show what somebody else has said aloud, to those who may read the run: a hook, or a webhook. */
const SHOWN: Readonly<Record<string, string>> = {
  [`GET ${at(`/backups/${BACKUP}/hooks`)}: 200`]: 'hook',
  [`GET ${at(`/restores/${RESTORE}/hooks`)}: 200`]: 'hook',
  [`GET ${at(`/backups/${BACKUP}/logs`)}: 200`]: 'hook',
  [`GET ${at(`/restores/${RESTORE}/logs`)}: 200`]: 'hook',
  [`POST ${at('/restores?dryRun=All')}: 200`]: 'object',
  [`GET ${at(`/restores/${RESTORE}/items`)}: 200`]: 'object',
};

async function debugBundle(): Promise<Place[]> {
  const { name: cluster } = installation;
  const path = `/debug?cluster=${cluster}&location=${LOCATION}&backup=${BACKUP}&restore=${RESTORE}`;
  await caller.ask('GET', path);
  return caller.answers.filter(({ place }) => place.includes(path));
}

async function scrapes(): Promise<Place[]> {
  return Promise.all(
    Object.entries(metricsPorts).map(async ([place, port]) => ({
      ...{ place, content: await (await fetch(`http://127.0.0.1:${port}/metrics`)).text() },
    })),
  );
}

async function toldByCluster(): Promise<Place[]> {
  const own = ['-n', installation.ownNamespace];
  const kinds =
    'events,leases,configmaps,plugins.holdfast.dev,storagelocations.holdfast.dev,notificationendpoints.holdfast.dev';
  const texts = await Promise.all([
    kubectl(...own, 'get', kinds, '-o', 'json'),
    kubectl('-n', copy, 'get', 'events', '-o', 'json'),
    kubectl('-n', namespace, 'get', 'events', '-o', 'json'),
  ]);
  return texts.map((content, index) => ({ place: `objects ${String(index)}`, content }));
}

async function commandLine(): Promise<Place[]> {
  const env = { HOLDFAST_SERVER: installation.apiUrl, HOLDFAST_TOKEN: VALUES.token };
  const places: Place[] = [];
  for (const args of [
    ['backup', 'describe', BACKUP, '--details'],
    ['restore', 'describe', RESTORE, '--details'],
    ['backup', 'get', 'nothing'],
  ]) {
    const command = startHoldfast([...args, '--location', LOCATION], env);
    await command.status;
    places.push({ place: args.join(' '), content: command.stdout + command.stderr });
  }
  return places;
}

const SURFACES: Readonly<Record<string, () => Promise<readonly Place[]> | readonly Place[]>> = {
  'histories, descriptions and schedules of Temporal': () =>
    toldByTemporal(installation.temporalAddress),
  'the files of Temporal': () => filesOf(installation.folder, 'temporal.db'),
  'what the processes write': () => [{ place: 'output', content: installation.output }],
  'the audit log': () => filesOf(folder, AUDIT),
  metrics: scrapes,
  'answers of the API': () => answersTo(PATHS),
  'the debug bundle': debugBundle,
  notifications: () =>
    receiver.events.map((event) => ({ place: event.path, content: JSON.stringify(event) })),
  'events and objects of the cluster': toldByCluster,
  'the command line': commandLine,
};

test.each(Object.keys(SURFACES))('no secret is in %s', async (surface) => {
  const places = (await SURFACES[surface]?.()) ?? [];
  // What is no secret is found there: the search works, and somebody was there to tell it.
  const known = surface === 'metrics' ? 'holdfast_' : BACKUP;
  expect(new SecretSearch(known).in(places)).not.toEqual([]);
  for (const [what, value] of Object.entries(secrets)) {
    expect([what, new SecretSearch(value).in(places)]).toEqual([what, []]);
  }
});

test.each(Object.entries(SHOWN))(
  '%s has what was said aloud, and nothing else',
  async (place, what) => {
    const [method = '', path = ''] = place.replace(/: 200$/, '').split(' ');
    if (method === 'GET') {
      await caller.ask('GET', path);
    }
    const places = caller.answers.filter((one) => one.place === place);
    expect(places).not.toEqual([]);
    expect(Object.keys(secrets).filter((one) => searchFor(one).in(places).length > 0)).toEqual([
      what,
    ]);
  },
);

test('a location has in the archive what was backed up, and elsewhere what was said of it', async () => {
  const credentials = {
    AWS_ACCESS_KEY_ID: Buffer.from(process.env['AWS_ACCESS_KEY_ID'] ?? ''),
    AWS_SECRET_ACCESS_KEY: Buffer.from(VALUES.credential),
  };
  const location = storageLocation(LOCATION, vault(), 'spec');
  const store = openObjectStore(location, () => Promise.resolve(credentials));
  const places = await objectsOf(store);
  store.close();
  const { archive, hooks, logs, runLog } = backupKeys(BACKUP);
  const restored = restoreKeys(RESTORE);
  const found = Object.keys(secrets).map((what) => [what, searchFor(what).in(places)]);
  expect(Object.fromEntries(found)).toEqual({
    ...Object.fromEntries(Object.keys(secrets).map((what) => [what, []])),
    // The reports of the restore have what the webhook said.
    object: [archive, restored.items, restored.results],
    patched: [archive],
    hook: [hooks, logs, runLog, restored.hooks, restored.runLog, restored.logs],
  });
});

function searchFor(what: string): SecretSearch {
  return new SecretSearch(secrets[what] ?? '');
}
