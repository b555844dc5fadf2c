import { readFile } from 'node:fs/promises';
import { setTimeout as sleep } from 'node:timers/promises';
import { fileURLToPath } from 'node:url';

import { parseAllDocuments } from 'yaml';

import { applyYaml, type Applied } from './applied-yaml.ts';
import { deleteNamespace, kubectl } from './kubectl.ts';
import { freshNamespace } from './fresh-namespace.ts';

const ROLES = fileURLToPath(
  new URL('../../deploy/kubernetes/access-roles.yaml', import.meta.url),
);
/** Longest that the cluster takes to add the rules of roles to its own. */
const AGGREGATION_WAIT_MS = 60_000;

export type Who = 'admin' | 'owner' | 'viewer' | 'stranger';

/** Two namespaces with things in them, and people with different rights, as the shipped roles give them. */
export interface AccessFixture {
  /** Whose the owner and the viewer are. */
  readonly shop: string;
  /** Which is none of theirs. */
  readonly bank: string;
  readonly tokens: Readonly<Record<Who, string>>;
  remove(): Promise<void>;
}

/** A value that a Secret of the shop has. */
export const SHOP_SECRET = 'correct-horse-battery';

export async function accessFixture(name: string): Promise<AccessFixture> {
  const [shop, bank, people] = await Promise.all([
    freshNamespace('shop'),
    freshNamespace('bank'),
    freshNamespace('people'),
  ]);
  const objects = [
    ...(await rolesNamed(name)),
    ...(['admin', 'owner', 'viewer', 'stranger'] as const).map((who) => ({
      ...{ apiVersion: 'v1', kind: 'ServiceAccount' },
      metadata: { name: who, namespace: people },
    })),
    ...[shop, bank].map((namespace) => ({
      ...{ apiVersion: 'v1', kind: 'Secret', stringData: { key: SHOP_SECRET } },
      metadata: { name: 'till', namespace },
    })),
    {
      ...{ apiVersion: 'rbac.authorization.k8s.io/v1', kind: 'ClusterRoleBinding' },
      metadata: { name: `admin-${name}` },
      ...bound(people, 'admin', `holdfast-admin-${name}`),
    },
    // Kubernetes' own roles have the rules of ours by their labels.
    ...([['owner', 'admin'], ['viewer', 'view']] as const).map(([who, role]) => ({
      ...{ apiVersion: 'rbac.authorization.k8s.io/v1', kind: 'RoleBinding' },
      metadata: { name: who, namespace: shop },
      ...bound(people, who, role),
    })),
  ];
  const applied: Applied = await applyYaml(JSON.stringify({ apiVersion: 'v1', kind: 'List', items: objects }));
  const account = (who: Who): string => `system:serviceaccount:${people}:${who}`;
  await untilAllowed('get', 'backups.holdfast.dev', { as: account('viewer'), in: shop });
  await untilAllowed('delete', 'backups.holdfast.dev', { as: account('owner'), in: shop });
  const tokens = await Promise.all(
    (['admin', 'owner', 'viewer', 'stranger'] as const).map(async (who) => [who, await tokenOf(who, people)]),
  );
  return {
    ...{ shop, bank },
    tokens: Object.fromEntries(tokens) as Record<Who, string>,
    remove: async () => {
      await applied.remove();
      await Promise.all([shop, bank, people].map(deleteNamespace));
    },
  };
}

async function tokenOf(who: Who, people: string): Promise<string> {
  const token = await kubectl('create', 'token', who, '-n', people, '--audience', 'holdfast');
  return token.trim();
}

/** The shipped roles under names that no other test has. */
async function rolesNamed(name: string): Promise<object[]> {
  const documents = parseAllDocuments(await readFile(ROLES, 'utf8'));
  return documents.map((document) => {
    // They are roles, as the cluster says when it takes them.
    const role = document.toJS() as { metadata: { name: string } };
    return { ...role, metadata: { ...role.metadata, name: `${role.metadata.name}-${name}` } };
  });
}

function bound(people: string, who: Who, role: string): object {
  return {
    roleRef: { apiGroup: 'rbac.authorization.k8s.io', kind: 'ClusterRole', name: role },
    subjects: [{ kind: 'ServiceAccount', name: who, namespace: people }],
  };
}

async function untilAllowed(
  verb: string,
  resource: string,
  { as, in: namespace }: { as: string; in: string },
): Promise<void> {
  const deadline = Date.now() + AGGREGATION_WAIT_MS;
  const ask = ['auth', 'can-i', verb, resource, '--as', as, '-n', namespace];
  while (!(await kubectl(...ask).catch(() => 'no')).includes('yes')) {
    if (Date.now() > deadline) {
      throw new Error(`${as} may not ${verb} ${resource}`);
    }
    await sleep(200);
  }
}
