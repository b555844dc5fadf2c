import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';

import { afterAll, beforeAll, expect, test } from 'vitest';

import { backupKeys } from '../../domain/object-key.ts';
import { readIndex } from '../../storage/format/index-file.ts';
import { CONFIG_MAP, fillNamespace } from '../support/cluster-fixture.ts';
import { Installation } from '../support/installation.ts';
import { deleteNamespace, kubectl } from '../support/kubectl.ts';

// Goal: a backup has every type that the cluster serves, and names what the cluster cannot serve. Method: an API group
// and a conversion webhook that nobody answers for, which all other users of the cluster would meet as well.

let s3: Installation;
const namespace = `served-${String(process.pid)}`;

beforeAll(async () => {
  s3 = await Installation.start();
  await fillNamespace(namespace, { type: CONFIG_MAP, count: 25, bytes: 500 });
});

afterAll(async () => {
  await s3.stop();
  await deleteNamespace(namespace);
});

test('a backup of the whole cluster holds its classes and its roles', async () => {
  await s3.request('POST', '/backups', {
    metadata: { name: 'all' },
    spec: {
      cluster: s3.name,
      // Data of claims that somebody else has in the cluster is not what this is about.
      ...{ snapshotVolumes: false, defaultVolumesToFsBackup: false },
    },
  });
  expect((await s3.ended('backups', 'all')).status.phase).toBe('Completed');
  const store = s3.store();
  const types = new Map<string, number>();
  for await (const lines of readIndex(store, backupKeys('all').index)) {
    for (const { resource } of lines) {
      types.set(resource, (types.get(resource) ?? 0) + 1);
    }
  }
  store.close();
  const roles = JSON.parse(await kubectl('get', 'clusterroles', '-o', 'json')) as {
    items: unknown[];
  };
  expect(types.get('clusterroles')).toBe(roles.items.length);
  expect(types.get('storageclasses')).toBeGreaterThan(0);
  expect(types.get('priorityclasses')).toBeGreaterThan(0);
});

test('an API group that does not answer is named, and everything else is in the backup', async () => {
  const service = {
    apiVersion: 'apiregistration.k8s.io/v1',
    kind: 'APIService',
    metadata: { name: 'v1.away.holdfast.test' },
    spec: {
      ...{ group: 'away.holdfast.test', version: 'v1', insecureSkipTLSVerify: true },
      ...{ groupPriorityMinimum: 100, versionPriority: 100 },
      service: { namespace: 'default', name: 'nobody' },
    },
  };
  await apply(service);
  try {
    // The API server lists the group a moment after it was registered.
    await expect
      .poll(() => kubectl('get', '--raw', '/apis'), { timeout: 60_000 })
      .toContain('away.holdfast.test');
    await expect
      .poll(
        async () => {
          const name = `gap-${String(Date.now())}`;
          await s3.createBackup(name, [namespace]);
          const { kind, status } = await s3.ended('backups', name);
          const problems = kind === 'Backup' ? status.problems?.errors : undefined;
          return { phase: status.phase, subjects: problems?.map(({ subject }) => subject) };
        },
        { timeout: 60_000, interval: 1000 },
      )
      .toEqual({ phase: 'PartiallyFailed', subjects: ['away.holdfast.test/v1'] });
  } finally {
    await kubectl('delete', 'apiservice', 'v1.away.holdfast.test');
  }
});

test('a type whose conversion webhook is away is named, and everything else is in the backup', async () => {
  const group = `convert-${String(process.pid)}.holdfast.test`;
  const names = { plural: 'gadgets', singular: 'gadget', kind: 'Gadget', listKind: 'GadgetList' };
  const schema = {
    openAPIV3Schema: { type: 'object', 'x-kubernetes-preserve-unknown-fields': true },
  };
  const service = { namespace: 'default', name: 'nobody', path: '/convert' };
  const version = (name: string, storage: boolean) => ({ name, served: true, storage, schema });
  const definition = (versions: object[], conversion: object) => ({
    apiVersion: 'apiextensions.k8s.io/v1',
    kind: 'CustomResourceDefinition',
    metadata: { name: `gadgets.${group}` },
    spec: { group, names, scope: 'Namespaced', versions, conversion },
  });
  await apply(definition([version('v1', true)], { strategy: 'None' }));
  try {
    await kubectl('wait', '--for=condition=Established', `crd/gadgets.${group}`, '--timeout=30s');
    const metadata = { name: 'one', namespace };
    await apply({ apiVersion: `${group}/v1`, kind: 'Gadget', metadata });
    const webhook = { clientConfig: { service }, conversionReviewVersions: ['v1'] };
    const versions = [version('v1', true), version('v2', false)];
    await apply(definition(versions, { strategy: 'Webhook', webhook }));
    await expect
      .poll(() => kubectl('get', '--raw', `/apis/${group}`), { timeout: 30_000 })
      .toContain('v2');
    await s3.createBackup('unconverted', [namespace]);
    const { kind, status } = await s3.ended('backups', 'unconverted');
    expect(status.phase).toBe('PartiallyFailed');
    expect(kind === 'Backup' && status.problems?.errors).toContainEqual(
      expect.objectContaining({ code: 'cluster-failed', subject: `gadgets.${group}` }),
    );
    expect(status.progress.itemsDone).toBeGreaterThan(20);
  } finally {
    // Without the webhook again, or nobody could delete what is stored.
    await apply(definition([version('v1', true)], { strategy: 'None' }));
    await kubectl('delete', 'crd', `gadgets.${group}`);
  }
});

async function apply(object: object): Promise<void> {
  const folder = await mkdtemp(join(tmpdir(), 'holdfast-apply-'));
  await writeFile(join(folder, 'object.json'), JSON.stringify(object));
  await kubectl('apply', '-f', join(folder, 'object.json'));
  await rm(folder, { recursive: true });
}
