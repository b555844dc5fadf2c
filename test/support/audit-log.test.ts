import { execFile } from 'node:child_process';
import { promisify } from 'node:util';

import { afterAll, beforeAll, expect, test } from 'vitest';

import { requestsIn, writesIn } from './audit-log.ts';
import { EmptyCluster } from './empty-cluster.ts';

// Goal: a test that asks whether something was written is answered rightly. Method: the real audit log of a real API
// server, to which one object is written and another only in a dry run.

const run = promisify(execFile);
let cluster: EmptyCluster;

beforeAll(async () => {
  cluster = await EmptyCluster.start({ hasControllers: true, hasAuditLog: true });
});

afterAll(() => cluster.stop());

function kubectl(...args: string[]): Promise<unknown> {
  return run('kubectl', ['--kubeconfig', cluster.kubeconfig, '-n', 'default', ...args]);
}

test('a dry run is a request and not a write, and what controllers do is neither', async () => {
  await kubectl('create', 'configmap', 'wet');
  await kubectl('create', 'configmap', 'dry', '--dry-run=server');
  await kubectl('get', 'configmaps');
  await kubectl('create', 'configmap', 'wet').catch(() => undefined);
  const paths = (requests: Awaited<ReturnType<typeof requestsIn>>): string[] =>
    requests.map(
      ({ verb, uri, status }) => `${verb} ${new URL(uri, 'https://c').search} ${String(status)}`,
    );
  const requests = await requestsIn(cluster.auditLog);
  expect(requests.every(({ uri }) => uri.startsWith('/api/v1/namespaces/default/configmaps'))).toBe(
    true,
  );
  expect(paths(requests)).toEqual([
    expect.stringMatching(/^create \?fieldManager=[^&]*&fieldValidation=Strict 201$/),
    expect.stringMatching(/^create \?dryRun=All&.* 201$/),
    expect.stringMatching(/^create .* 409$/),
  ]);
  expect(await writesIn(cluster.auditLog)).toEqual([requests[0]]);
});

test('a namespace goes where controllers are, and an account comes with it', async () => {
  await kubectl('create', 'namespace', 'short');
  await expect
    .poll(() =>
      kubectl('-n', 'short', 'get', 'serviceaccount', 'default').then(
        () => true,
        () => false,
      ),
    )
    .toBe(true);
  await kubectl('delete', 'namespace', 'short', '--timeout=30s');
});
