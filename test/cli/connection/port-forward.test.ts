import { readdir } from 'node:fs/promises';
import { tmpdir } from 'node:os';

import { afterAll, beforeAll, expect, test } from 'vitest';

import { forwardToApi } from '../../../cli/connection/port-forward.ts';
import { accountKubeconfig } from '../../support/account-kubeconfig.ts';
import { applyYaml } from '../../support/applied-yaml.ts';
import { freshNamespace } from '../../support/fresh-namespace.ts';
import { startHoldfast } from '../../support/holdfast.ts';
import { deleteNamespace, kubectl } from '../../support/kubectl.ts';

// Goal: whoever has a kubeconfig needs no address. Method: on the test bed's cluster, a pod behind a Service of the API,
// which tells what it was sent, as a real API never does.

const LABELS = { 'app.kubernetes.io/component': 'api' };
const SERVE = String.raw`auth=nobody
while read -r line; do
  line=$(printf %s "$line" | tr -d '\r')
  [ -z "$line" ] && break
  case "$line" in [Aa]uthorization:*) auth=$(printf %s "$line" | cut -c16-) ;; esac
done
body="{\"version\":\"$auth\"}"
printf 'HTTP/1.1 200 OK\r\ncontent-type: application/json\r\ncontent-length: %s\r\nconnection: close\r\n\r\n%s' "$(printf %s "$body" | wc -c)" "$body"
`;
let namespace: string;

beforeAll(async () => {
  namespace = await freshNamespace('forward');
  const ports = [{ port: 80, targetPort: 'http' }];
  await applyYaml(objectOf('Service', 'api', { selector: LABELS, ports }));
  await applyPod('api');
});

afterAll(() => deleteNamespace(namespace));

function objectOf(kind: string, name: string, spec: object): string {
  const metadata = { name, namespace, labels: LABELS };
  return JSON.stringify({ apiVersion: 'v1', kind, metadata, spec });
}

async function applyPod(name: string): Promise<void> {
  const main = {
    ...{ name: 'main', image: 'holdfast.test/busybox:1.35', imagePullPolicy: 'IfNotPresent' },
    ports: [{ name: 'http', containerPort: 8080 }],
    env: [{ name: 'SERVE', value: SERVE }],
    command: [
      ...['sh', '-c'],
      'printf "#!/bin/sh\\n%s" "$SERVE" >/tmp/serve; chmod +x /tmp/serve; exec nc -ll -p 8080 -e /tmp/serve',
    ],
    readinessProbe: { exec: { command: ['test', '-x', '/tmp/serve'] }, periodSeconds: 1 },
  };
  const spec = { containers: [main], terminationGracePeriodSeconds: 0 };
  await applyYaml(objectOf('Pod', name, spec));
  await kubectl('-n', namespace, 'wait', '--for=condition=Ready', `pod/${name}`, '--timeout=60s');
}

async function version(flags: readonly string[], env: NodeJS.ProcessEnv = {}) {
  const command = startHoldfast(['version', ...flags], env);
  const status = await command.status;
  return { status, server: /server: (.*)/.exec(command.stdout)?.[1], stderr: command.stderr };
}

async function sockets(): Promise<string[]> {
  return (await readdir(tmpdir())).filter((name) => /^holdfast-forward-/.test(name));
}

test('the API is reached through its cluster, and nothing is left behind', async () => {
  const before = await sockets();
  expect(await version(['-n', namespace])).toMatchObject({ status: 0, server: 'nobody' });
  const given = await version(['-n', namespace, '--token', 't']);
  expect(given).toMatchObject({ status: 0, server: 'Bearer t' });
  expect(await sockets()).toEqual(before);
});

test('a command goes on with another pod of the API when its own is gone', async () => {
  const connection = await forwardToApi({ holdfastNamespace: namespace }, undefined);
  const status = async (): Promise<number> => (await connection.fetch(connection.url)).status;
  try {
    expect(await status()).toBe(200);
    await applyPod('other');
    await kubectl('-n', namespace, 'delete', 'pod', 'api', '--force', '--grace-period=0');
    expect(await status()).toBe(200);
  } finally {
    await connection.close();
  }
});

test('the token of the kubeconfig is sent, and an account that may not look is told so: 6', async () => {
  await kubectl('-n', namespace, 'create', 'serviceaccount', 'reader');
  const account = await accountKubeconfig('reader', namespace);
  const asReader = ['-n', namespace, '--kubeconfig', account.kubeconfig];
  const denied = await version(asReader);
  expect(denied).toMatchObject({ status: 6, server: undefined });
  expect(denied.stderr).toContain('refuses it with 403');
  const binding = ['create', 'rolebinding', 'reader', '--clusterrole=admin'];
  await kubectl('-n', namespace, ...binding, `--serviceaccount=${namespace}:reader`);
  const allowed = await version(asReader);
  expect(allowed.status).toBe(0);
  // A token of a service account is a JWT.
  expect(allowed.server).toMatch(/^Bearer ey/);
  await account.remove();
});

test('a namespace without an API, and a context that is not there, are told', async () => {
  const none = await version([], { HOLDFAST_NAMESPACE: 'kube-public' });
  expect(none).toMatchObject({ status: 1, server: undefined });
  expect(none.stderr).toContain('no API of Holdfast is in the namespace kube-public');
  const context = await version(['--context', 'no-such-context']);
  expect(context).toMatchObject({ status: 1, server: undefined });
  expect(context.stderr).toContain('no-such-context');
});
