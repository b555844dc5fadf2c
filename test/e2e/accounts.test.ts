import { execFile } from 'node:child_process';
import { promisify } from 'node:util';

import { beforeAll, expect, test } from 'vitest';

import {
  type Account,
  accountName,
  ACCOUNTS,
  ACCOUNTS_NAMESPACE,
  type ChartRule,
  chartRules,
  requestsBegin,
  TESTS_OWN,
} from '../support/chart-accounts.ts';
import { type Asked, askedFor } from '../support/request-log.ts';

// Goal: the accounts of the chart may do what Holdfast does, and nothing else. Method: tests run the processes of Holdfast
// under them, and the cluster logs what they ask for, though not what pods of releases do; so this file comes after all
// others, and fails where those have not run in the same run.

const LOG = process.env['HOLDFAST_TESTBED_REQUESTS'] ?? '';
const RBAC = 'rbac.authorization.k8s.io';
/** Verbs that no request has: the API server asks for them when a role is written. `cluster-access.test.ts` fails without them. */
const IMPLIED = ['bind', 'escalate'].flatMap((verb) =>
  ['roles', 'clusterroles'].map((resource) => `cluster-worker: ${verb} ${resource}.${RBAC}`),
);
/** What everybody may ask for, by the roles that come with a cluster. */
const EVERYBODYS = /^(authentication|authorization)\.k8s\.io self/;

/** One verb of a rule. */
interface Permission {
  readonly account: Account;
  readonly isOwn: boolean;
  readonly apiGroup: string;
  readonly resource: string;
  readonly verb: string;
}

let permissions: Permission[];
let asked: Asked[];

beforeAll(async () => {
  permissions = (await chartRules()).flatMap(permissionsOf);
  asked = await askedFor(LOG, await requestsBegin());
});

function permissionsOf({ account, isOwn, apiGroups, resources, verbs }: ChartRule): Permission[] {
  return apiGroups.flatMap((apiGroup) =>
    resources.flatMap((resource) =>
      verbs.map((verb) => ({ account, isOwn, apiGroup, resource, verb })),
    ),
  );
}

function isCovered(request: Asked, permission: Permission): boolean {
  const matches = (field: 'apiGroup' | 'resource'): boolean =>
    permission[field] === '*' || permission[field] === request[field];
  return (
    request.account === accountName(permission.account) &&
    request.verb === permission.verb &&
    (request.isOwn || !permission.isOwn) &&
    matches('apiGroup') &&
    matches('resource')
  );
}

test('the cluster has refused none of their requests', () => {
  expect(asked.length).toBeGreaterThan(0);
  expect(asked.filter(({ isAllowed }) => !isAllowed)).toEqual([]);
});

test('a rule of the chart has allowed each request', () => {
  // The tests' accounts have what is allowed in Holdfast's namespace in all: here it counts which one it was.
  const allowed = [...permissions, { ...TESTS_OWN, account: 'api', isOwn: false } as const];
  const others = asked.filter((request) => !allowed.some((one) => isCovered(request, one)));
  const names = others.map(({ apiGroup, resource }) => `${apiGroup} ${resource}`);
  expect(names.filter((name) => !EVERYBODYS.test(name))).toEqual([]);
});

test('no verb of a rule was left unused', () => {
  const unused = permissions.filter((one) => !asked.some((request) => isCovered(request, one)));
  const names = unused.map(
    ({ account, verb, resource, apiGroup }) => `${account}: ${verb} ${resource}.${apiGroup}`,
  );
  expect(names.sort()).toEqual([...IMPLIED].sort());
});

test.each(ACCOUNTS)('the account of the %s may do nothing else', async (account) => {
  const [may, everybody] = await Promise.all([
    rulesOf(accountName(account)),
    rulesOf('somebody-else'),
  ]);
  const own = permissions.filter((one) => one.account === account).map(textOf);
  const known = [...everybody, ...(account === 'api' ? [textOf(TESTS_OWN)] : [])];
  expect(may.filter((one) => !known.includes(one)).sort()).toEqual([...new Set(own)].sort());
});

function textOf({ verb, apiGroup, resource }: Omit<Permission, 'account' | 'isOwn'>): string {
  return `${verb} ${apiGroup}/${resource}`;
}

/** All that the cluster's RBAC allows an account in some namespace, beside paths such as /apis. */
async function rulesOf(account: string): Promise<string[]> {
  const review = {
    ...{ apiVersion: 'authorization.k8s.io/v1', kind: 'SelfSubjectRulesReview' },
    spec: { namespace: 'default' },
  };
  const as = `--as=system:serviceaccount:${ACCOUNTS_NAMESPACE}:${account}`;
  // What is valid is asked for as somebody, too.
  const flags = ['--validate=false', '-f', '-', '-o', 'json', as];
  const created = promisify(execFile)('kubectl', ['create', ...flags]);
  created.child.stdin?.end(JSON.stringify(review));
  const { stdout } = await created;
  // The API documents this shape.
  const { status } = JSON.parse(stdout) as { status: { resourceRules: ResourceRule[] } };
  return status.resourceRules.flatMap(({ apiGroups = [], resources = [], verbs }) =>
    apiGroups.flatMap((apiGroup) =>
      resources.flatMap((resource) => verbs.map((verb) => textOf({ verb, apiGroup, resource }))),
    ),
  );
}

interface ResourceRule {
  readonly apiGroups?: readonly string[];
  readonly resources?: readonly string[];
  readonly verbs: readonly string[];
}
