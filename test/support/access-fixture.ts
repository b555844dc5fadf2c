import { mkdtemp, readFile, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { fileURLToPath } from 'node:url';

import { parseAllDocuments } from 'yaml';

import { applyYaml, type Applied } from './applied-yaml.ts';
import { deleteNamespace, kubectl } from './kubectl.ts';
import { freshNamespace } from './fresh-namespace.ts';

const ROLES = fileURLToPath(new URL('../../deploy/kubernetes/access-roles.yaml', import.meta.url));
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
    // Kubernetes' own role for owners has the rules of ours by their label.
    ...(
      [
        ['owner', 'admin'],
        ['viewer', `holdfast-viewer-${name}`],
      ] as const
    ).map(([who, role]) => ({
      ...{ apiVersion: 'rbac.authorization.k8s.io/v1', kind: 'RoleBinding' },
      metadata: { name: who, namespace: shop },
      ...bound(people, who, role),
    })),
  ];
  const applied: Applied = await applyYaml(
    JSON.stringify({ apiVersion: 'v1', kind: 'List', items: objects }),
  );
  const account = (who: Who): string => `system:serviceaccount:${people}:${who}`;
  await untilAllowed('get', 'backups', { user: account('viewer'), namespace: shop });
  await untilAllowed('delete', 'backups', { user: account('owner'), namespace: shop });
  const tokens = await Promise.all(
    (['admin', 'owner', 'viewer', 'stranger'] as const).map(async (who) => [
      who,
      await tokenOf(who, people),
    ]),
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

/** kubectl's own question, `auth can-i`, does not know resources that the cluster does not serve. */
async function untilAllowed(
  verb: string,
  resource: string,
  { user, namespace }: Where,
): Promise<void> {
  const resourceAttributes = { group: 'holdfast.dev', resource, verb, namespace };
  const review = {
    ...{ apiVersion: 'authorization.k8s.io/v1', kind: 'SubjectAccessReview' },
    spec: { user, resourceAttributes },
  };
  const folder = await mkdtemp(join(tmpdir(), 'holdfast-review-'));
  const file = join(folder, 'review.json');
  await writeFile(file, JSON.stringify(review));
  const deadline = Date.now() + AGGREGATION_WAIT_MS;
  while ((await kubectl('create', '-f', file, '-o', 'jsonpath={.status.allowed}')) !== 'true') {
    if (Date.now() > deadline) {
      throw new Error(`${user} may not ${verb} ${resource}`);
    }
    await sleep(200);
  }
  await rm(folder, { recursive: true });
}

interface Where {
  readonly user: string;
  readonly namespace: string;
}
