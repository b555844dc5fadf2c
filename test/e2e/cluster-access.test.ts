import { randomBytes } from 'node:crypto';

import { afterAll, beforeAll, expect, test } from 'vitest';

import { accountKubeconfig } from '../support/account-kubeconfig.ts';
import { applyYaml } from '../support/applied-yaml.ts';
import { Installation } from '../support/installation.ts';
import { deleteNamespace, kubectl } from '../support/kubectl.ts';
import { applyManifests } from '../support/manifests.ts';
import { applyManyKinds } from '../support/many-kinds.ts';

// Goal: the access that the manifests give to a worker suffices to back up and to restore objects of every kind.
// Method: a worker with that account; many kinds of objects are backed up, deleted and restored.

const suffix = `-${randomBytes(4).toString('hex')}`;
const own = `access${suffix}`;
const kinds = `kinds${suffix}`;
/** Name of a role of the cluster, and of its binding. */
const watcher = `watcher${suffix}`;
/** Grants what the worker's own account has not. */
const WATCHER = `
apiVersion: rbac.authorization.k8s.io/v1
kind: Role
metadata: {name: watcher, namespace: ${kinds}}
rules: [{apiGroups: [""], resources: [pods], verbs: [watch, deletecollection]}]
---
apiVersion: rbac.authorization.k8s.io/v1
kind: RoleBinding
metadata: {name: watcher, namespace: ${kinds}}
roleRef: {apiGroup: rbac.authorization.k8s.io, kind: Role, name: watcher}
subjects: [{kind: ServiceAccount, name: web, namespace: ${kinds}}]
---
apiVersion: rbac.authorization.k8s.io/v1
kind: ClusterRole
metadata: {name: ${watcher}}
rules: [{apiGroups: [""], resources: [nodes], verbs: [watch, deletecollection]}]
---
apiVersion: rbac.authorization.k8s.io/v1
kind: ClusterRoleBinding
metadata: {name: ${watcher}}
roleRef: {apiGroup: rbac.authorization.k8s.io, kind: ClusterRole, name: ${watcher}}
subjects: [{kind: ServiceAccount, name: web, namespace: ${kinds}}]
`;
let installation: Installation;
/** How to end what was started. */
const endings: (() => Promise<void>)[] = [];

beforeAll(async () => {
  const manifests = await applyManifests({
    ...{ namespace: own, nameSuffix: suffix, without: ['DaemonSet'] },
  });
  endings.push(() => deleteNamespace(own));
  endings.push(() => manifests.remove());
  const account = await accountKubeconfig(`holdfast-cluster-worker${suffix}`, own);
  endings.push(() => account.remove());
  installation = await Installation.start({ kubeconfig: account.kubeconfig });
  endings.push(() => installation.stop());
});

afterAll(async () => {
  for (const end of endings.reverse()) {
    await end();
  }
});

test('a worker with the account of the manifests backs up and restores objects of every kind', async () => {
  const objects = await applyManyKinds(kinds);
  endings.push(() => objects.remove());
  const granting = await applyYaml(WATCHER);
  endings.push(() => granting.remove());
  const spec = {
    ...{ cluster: installation.name, includedNamespaces: [kinds] },
    ...{ snapshotVolumes: false, defaultVolumesToFsBackup: false },
  };
  await installation.request('POST', '/backups', { metadata: { name: 'kinds' }, spec });
  const backup = await installation.ended('backups', 'kinds');
  expect(backup.status).toMatchObject({ phase: 'Completed', errors: 0 });

  await deleteNamespace(kinds);
  const roles = [`clusterrole/${watcher}`, `clusterrolebinding/${watcher}`];
  await kubectl('delete', ...roles);
  await installation.createRestore('kinds', { backupName: 'kinds' });
  const restore = await installation.ended('restores', 'kinds');
  expect(restore.status).toMatchObject({ phase: 'Completed', counts: { failed: 0 } });
  const names = await kubectl('get', ...roles, '-o', 'name');
  expect(names.trim().split('\n')).toHaveLength(roles.length);
});
