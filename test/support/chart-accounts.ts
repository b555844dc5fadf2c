import { mkdtemp, readdir, readFile, rm, stat, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';

import { parseAllDocuments } from 'yaml';

import { accountConfig } from './account-kubeconfig.ts';
import { applyYaml } from './applied-yaml.ts';
import { CHART, helm } from './helm.ts';

/** Namespace of the accounts; the test bed's cluster logs what those in it ask for. */
export const ACCOUNTS_NAMESPACE = 'holdfast-accounts';
/** Names the folder with their kubeconfigs. */
const VARIABLE = 'HOLDFAST_TEST_ACCOUNTS';
const RELEASE = ACCOUNTS_NAMESPACE;
/** File in the folder, with the length that the cluster's log had when the run began. */
const LOGGED_BEFORE = 'logged-before';

/** Name of the account in the cluster. */
export function accountName(account: Account): string {
  return `${RELEASE}-${account}`;
}

/** Whose work needs an account. Workflow workers ask a cluster for nothing. */
export type Account = 'api' | 'cluster-worker' | 'node-agent';
export const ACCOUNTS: readonly Account[] = ['api', 'cluster-worker', 'node-agent'];

/** What the chart allows an account by one of its rules. */
export interface ChartRule {
  readonly account: Account;
  /** Whether only in Holdfast's own namespace. */
  readonly isOwn: boolean;
  readonly apiGroups: readonly string[];
  readonly resources: readonly string[];
  readonly verbs: readonly string[];
}

interface RoleObject {
  readonly kind: string;
  readonly metadata: { readonly name: string };
  readonly rules?: readonly Pick<ChartRule, 'apiGroups' | 'resources' | 'verbs'>[];
  readonly roleRef?: { readonly name: string };
}

/** The rules of the chart. */
export async function chartRules(): Promise<ChartRule[]> {
  return (await accountObjects()).flatMap(({ kind, metadata, rules = [] }) =>
    rules.map((rule) => ({
      ...rule,
      // Roles have the names of their accounts.
      account: metadata.name.slice(RELEASE.length + 1) as Account,
      isOwn: kind === 'Role',
    })),
  );
}

/** The namespace of a release is there before its parts are; here the API makes it, where a test keeps something in it. */
export const TESTS_OWN = { account: 'api', verb: 'create', apiGroup: '', resource: 'namespaces' };
const MAKES_NAMESPACE = [
  {
    ...{ apiVersion: 'rbac.authorization.k8s.io/v1', kind: 'ClusterRole' },
    metadata: { name: `${RELEASE}-namespaces` },
    rules: [{ apiGroups: [''], resources: [TESTS_OWN.resource], verbs: [TESTS_OWN.verb] }],
  },
  {
    ...{ apiVersion: 'rbac.authorization.k8s.io/v1', kind: 'ClusterRoleBinding' },
    metadata: { name: `${RELEASE}-namespaces` },
    roleRef: {
      ...{ apiGroup: 'rbac.authorization.k8s.io', kind: 'ClusterRole' },
      name: `${RELEASE}-namespaces`,
    },
    subjects: [{ kind: 'ServiceAccount', name: accountName('api'), namespace: ACCOUNTS_NAMESPACE }],
  },
];

/**
 * Gives the parts of Holdfast, in all tests of a run, the accounts of the chart. What those may do in Holdfast's own
 * namespace they may do everywhere here, since each test has one of its own, which most never make.
 */
export default async function setup(): Promise<() => Promise<void>> {
  const log = process.env['HOLDFAST_TESTBED_REQUESTS'];
  if (log === undefined || VARIABLE in process.env) {
    return () => Promise.resolve();
  }
  const namespace = { apiVersion: 'v1', kind: 'Namespace', metadata: { name: ACCOUNTS_NAMESPACE } };
  const objects = [namespace, ...(await accountObjects()).map(everywhere), ...MAKES_NAMESPACE];
  const made = objects.map((one) => JSON.stringify(one));
  await applyYaml([...made, ...(await definitions())].join('\n---\n'));
  const folder = await mkdtemp(join(tmpdir(), 'holdfast-accounts-'));
  await writeFile(join(folder, LOGGED_BEFORE), String((await stat(log)).size));
  for (const account of ACCOUNTS) {
    const config = await accountConfig(accountName(account), ACCOUNTS_NAMESPACE);
    await writeFile(join(folder, account), config);
  }
  process.env[VARIABLE] = folder;
  return () => rm(folder, { recursive: true });
}

/** Kubeconfig of an account of this run; undefined on a cluster that is not the test bed's own. */
export function kubeconfigOf(account: Account): string | undefined {
  const folder = process.env[VARIABLE];
  return folder === undefined ? undefined : join(folder, account);
}

/** Where in the cluster's log the requests of this run begin, in bytes. */
export async function requestsBegin(): Promise<number> {
  return Number(await readFile(join(process.env[VARIABLE] ?? '', LOGGED_BEFORE), 'utf8'));
}

/** None of the accounts may make them: whoever installs the chart does. */
async function definitions(): Promise<string[]> {
  const folder = join(CHART, 'crds');
  return Promise.all((await readdir(folder)).map((file) => readFile(join(folder, file), 'utf8')));
}

async function accountObjects(): Promise<RoleObject[]> {
  const text = await helm(
    ...['template', RELEASE, CHART, '--namespace', ACCOUNTS_NAMESPACE],
    ...['--show-only', 'templates/accounts.yaml', '--set', 'temporal.address=any:7233'],
  );
  // helm has made objects of these shapes of the chart.
  return parseAllDocuments(text).map((document) => document.toJS() as RoleObject);
}

/** A role of one namespace, or its binding, made one of the cluster; and an account in the namespace of all. */
function everywhere(object: RoleObject): object {
  if (object.kind === 'ServiceAccount') {
    return { ...object, metadata: { ...object.metadata, namespace: ACCOUNTS_NAMESPACE } };
  }
  const name = `${object.metadata.name}-own`;
  if (object.kind === 'Role') {
    return { ...object, kind: 'ClusterRole', metadata: { name } };
  }
  return object.kind === 'RoleBinding'
    ? {
        ...{ ...object, kind: 'ClusterRoleBinding', metadata: { name } },
        roleRef: { ...object.roleRef, kind: 'ClusterRole', name },
      }
    : object;
}
