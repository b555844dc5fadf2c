import { spawn } from 'node:child_process';
import { mkdtemp, writeFile } from 'node:fs/promises';
import { createServer, type Server } from 'node:http';
import type { AddressInfo } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { json, text } from 'node:stream/consumers';
import { fileURLToPath } from 'node:url';

import { afterAll, beforeAll, expect, test } from 'vitest';
import { stringify } from 'yaml';

// Goal: Velero's flags and files make the request that they mean, and what cannot be read is a wrong flag. Method:
// bin/holdfast as a user runs it, against a server that shows the request instead of a backup.

const LAUNCHER = fileURLToPath(new URL('../../bin/holdfast', import.meta.url));
const FILE = {
  apiVersion: 'velero.io/v1',
  kind: 'Backup',
  metadata: { name: 'nightly' },
  spec: {
    includedNamespaces: ['shop'],
    includedResources: ['pods'],
    storageLocation: 'east',
    csiSnapshotTimeout: '10m0s',
    itemOperationTimeout: '1h0m0s',
  },
};

let server: Server;
let folder: string;

beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), 'holdfast-create-'));
  await writeFile(join(folder, 'b.yaml'), stringify(FILE));
  server = createServer((request, response) => {
    void json(request).then((body) => {
      const { url, headers } = request;
      const sent = { url, prefer: headers['prefer'], body };
      response.end(JSON.stringify({ ...sent, status: { phase: 'New' } }));
    });
  });
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
});

afterAll(() => {
  server.close();
});

interface Outcome {
  readonly status: number | null;
  readonly stderr: string;
  /** The request that was sent, as `-o json` prints the answer. */
  readonly sent:
    { url: string; prefer?: string; body: { metadata: object; spec: object } } | undefined;
}

async function create(args: readonly string[], stdin = ''): Promise<Outcome> {
  // A server that listens on a port has such an address.
  const { port } = server.address() as AddressInfo;
  const child = spawn(LAUNCHER, ['backup', 'create', ...args, '-o', 'json'], {
    cwd: folder,
    env: { ...process.env, HOLDFAST_SERVER: `http://127.0.0.1:${String(port)}` },
  });
  child.stdin.end(stdin);
  const ended = new Promise<number | null>((resolve) => child.once('close', resolve));
  const [stdout, stderr] = await Promise.all([text(child.stdout), text(child.stderr)]);
  // Printed by the server above.
  const sent = stdout === '' ? undefined : (JSON.parse(stdout) as Outcome['sent']);
  return { status: await ended, stderr, sent };
}

test('each flag gives the field that Velero gives it', async () => {
  const { status, sent } = await create([
    'b',
    ...['--include-namespaces', 'team-*, shop', '--exclude-namespaces', 'team-x'],
    ...['--include-resources', 'deployments.apps,pods', '--exclude-resources', 'events'],
    '--include-cluster-resources',
    ...['--include-cluster-scoped-resources', 'storageclasses'],
    ...['--exclude-cluster-scoped-resources', 'nodes'],
    ...['--include-namespace-scoped-resources', 'secrets'],
    ...['--exclude-namespace-scoped-resources', 'leases'],
    ...['-l', 'app=shop,tier in (db, web)', '--or-selector', 'a=b or c!=d'],
    ...['--ordered-resources', 'pods=shop/a,shop/b;persistentvolumes=pv-1'],
    ...['--resource-policies-configmap', 'policies', '--api-versions', 'all'],
    ...['--snapshot-volumes=false', '--default-volumes-to-fs-backup', '--ttl', '24h'],
    ...['--storage-location', 'east', '--cluster', 'two', '--volume-verification', 'counts'],
  ]);
  expect(status).toBe(0);
  expect(sent?.url).toBe('/api/v1/backups?location=east');
  expect(sent?.body).toEqual({
    metadata: { name: 'b' },
    spec: {
      cluster: 'two',
      includedNamespaces: ['team-*', 'shop'],
      excludedNamespaces: ['team-x'],
      includedResources: ['deployments.apps', 'pods'],
      excludedResources: ['events'],
      includeClusterResources: true,
      includedClusterScopedResources: ['storageclasses'],
      excludedClusterScopedResources: ['nodes'],
      includedNamespaceScopedResources: ['secrets'],
      excludedNamespaceScopedResources: ['leases'],
      labelSelector: {
        matchLabels: { app: 'shop' },
        matchExpressions: [{ key: 'tier', operator: 'In', values: ['db', 'web'] }],
      },
      orLabelSelectors: [
        { matchLabels: { a: 'b' } },
        { matchExpressions: [{ key: 'c', operator: 'NotIn', values: ['d'] }] },
      ],
      orderedResources: { pods: 'shop/a,shop/b', persistentvolumes: 'pv-1' },
      resourcePolicy: { kind: 'configmap', name: 'policies' },
      apiVersions: 'All',
      snapshotVolumes: false,
      defaultVolumesToFsBackup: true,
      volumeVerification: 'Counts',
      ttl: '24h',
    },
  });
});

test('a flag that may have a value takes none from the word after it, and is left out when it is not there', async () => {
  const [bare, off, none] = await Promise.all([
    create(['--include-cluster-resources', 'b']),
    create(['--include-cluster-resources=false', 'b']),
    create(['b']),
  ]);
  expect(bare.sent?.body).toEqual({
    metadata: { name: 'b' },
    spec: { includeClusterResources: true },
  });
  expect(off.sent?.body.spec).toEqual({ includeClusterResources: false });
  expect(none.sent).toEqual({
    url: '/api/v1/backups',
    body: { metadata: { name: 'b' }, spec: {} },
    status: { phase: 'New' },
  });
});

test('a file makes the request, and what has no effect is told on standard error', async () => {
  const { status, sent, stderr } = await create(['-f', 'b.yaml']);
  expect(status).toBe(0);
  expect(sent?.url).toBe('/api/v1/backups?location=east');
  expect(sent?.body).toEqual({
    metadata: { name: 'nightly' },
    spec: {
      includedNamespaces: ['shop'],
      includedResources: ['pods'],
      itemOperationTimeout: '1h0m0s',
    },
  });
  expect(stderr).toBe(
    'warning: these fields have no effect yet and are left out: spec.csiSnapshotTimeout\n',
  );
});

test('flags beside a file win over its fields, and the file may come from standard input', async () => {
  const flags = [
    ...['--include-resources', 'secrets', '--location', 'west', '--ttl', '1h'],
    ...['--item-operation-timeout', '2h'],
  ];
  const { sent } = await create(['nightly', '-f', '-', ...flags], JSON.stringify(FILE));
  expect(sent?.url).toBe('/api/v1/backups?location=west');
  expect(sent?.body.spec).toEqual({
    includedNamespaces: ['shop'],
    includedResources: ['secrets'],
    itemOperationTimeout: '2h',
    ttl: '1h',
  });
});

test('a dry run asks what the backup would hold', async () => {
  const { status, sent } = await create(['--dry-run', 'b', '--include-namespaces', 'shop']);
  expect(status).toBe(0);
  expect(sent?.url).toBe('/api/v1/backups?dryRun=All');
  expect(sent?.prefer).toBe('wait=280');
  expect(sent?.body.spec).toEqual({ includedNamespaces: ['shop'] });
});

test.each([
  { args: ['b', '--dry-run', '--wait'], said: "option '--dry-run' cannot be used with option" },
  { args: ['b', '--snapshot-volumes=maybe'], said: 'it must be true or false' },
  { args: ['b', '--api-versions', 'some'], said: 'it must be Preferred or All' },
  { args: ['b', '--selector', 'a=b,='], said: 'the part "=" of the label selector' },
  { args: ['b', '--or-selector', 'a=b or c d'], said: 'the part "c d" of the label selector' },
  { args: ['b', '--ordered-resources', 'pods'], said: 'the part "pods" of the ordered resources' },
  { args: ['b', '--location', 'a', '--storage-location', 'c'], said: 'one flag with two names' },
  { args: ['other', '-f', 'b.yaml'], said: 'the argument is other, and metadata.name of the file' },
  { args: [], said: 'there is no name' },
  { args: ['b', '-f', 'gone.yaml'], said: 'gone.yaml cannot be read' },
  { args: ['b', '-f', '-'], said: 'standard input holds no object' },
])('$args ends with 2, says why and sends nothing', async ({ args, said }) => {
  const { status, sent, stderr } = await create(args);
  expect({ status, sent }).toEqual({ status: 2, sent: undefined });
  expect(stderr).toMatch(/^error: /);
  expect(stderr).toContain(said);
});
