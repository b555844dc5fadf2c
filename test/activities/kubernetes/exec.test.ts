import { afterAll, beforeAll, expect, test } from 'vitest';

import { openCluster } from '../../../activities/kubernetes/client.ts';
import type { Cluster, ExecEnd, ExecTarget } from '../../../activities/kubernetes/port.ts';
import { accountKubeconfig } from '../../support/account-kubeconfig.ts';
import { ApiRelay } from '../../support/api-relay.ts';
import { applyYaml } from '../../support/applied-yaml.ts';
import { dropNamespaces } from '../../support/dropped-namespaces.ts';
import { freshNamespace } from '../../support/fresh-namespace.ts';
import { kubectl } from '../../support/kubectl.ts';

// Goal: a command in a container ends as it ended there, and each reason why it does not is told apart. Method: pods of
// the test bed, and a relay before its API server.

const SECRET = 'a-password-in-a-command';

let namespace: string;
let cluster: Cluster;
let relay: ApiRelay;

beforeAll(async () => {
  namespace = await freshNamespace('exec');
  cluster = openCluster();
  relay = await ApiRelay.start();
  const pods = [
    podOf('runs', ['sh', '-c', 'exec /pause']),
    podOf('ended', ['true']),
    podOf('waits', ['true'], { nodeSelector: { 'holdfast.dev/nowhere': 'true' } }),
  ];
  await applyYaml(pods.map((pod) => JSON.stringify(pod)).join('\n---\n'));
  await kubectl('-n', namespace, 'wait', '--for=condition=Ready', 'pod/runs', '--timeout=60s');
  await kubectl(
    ...['-n', namespace, 'wait', '--for=jsonpath={.status.phase}=Succeeded', 'pod/ended'],
    '--timeout=60s',
  );
});

afterAll(async () => {
  await cluster.close();
  await relay.stop();
  await dropNamespaces(namespace);
});

function podOf(name: string, command: readonly string[], spec: object = {}): object {
  return {
    ...{ apiVersion: 'v1', kind: 'Pod', metadata: { name, namespace } },
    spec: {
      ...{ restartPolicy: 'Never', terminationGracePeriodSeconds: 0, ...spec },
      containers: [
        {
          name: 'main',
          image: 'holdfast.test/busybox:1.35',
          imagePullPolicy: 'IfNotPresent',
          command,
        },
      ],
    },
  };
}

interface Run extends Partial<ExecTarget> {
  readonly cluster?: Cluster;
  readonly signal?: AbortSignal;
  readonly timeoutMs?: number;
}

function exec(command: readonly string[], run: Run = {}): Promise<ExecEnd> {
  const { signal = new AbortController().signal, timeoutMs = 60_000, ...target } = run;
  return (run.cluster ?? cluster).exec(
    { namespace, pod: 'runs', container: 'main', ...target, command },
    { signal, timeoutMs },
  );
}

function shell(text: string, run?: Run): Promise<ExecEnd> {
  return exec(['sh', '-c', text], run);
}

/** Waits until a command has come so far that it made a file. */
async function reached(file: string): Promise<void> {
  await expect
    .poll(async () => (await shell(`test -e ${file}`)).exitCode, { timeout: 30_000, interval: 100 })
    .toBe(0);
}

test('a command gives its exit code, and both of its outputs apart', async () => {
  const end = await shell('echo grün; echo "no 😀" >&2; exit 3');
  expect(end).toMatchObject({
    ...{ kind: 'exited', exitCode: 3, stdout: 'grün\n', stderr: 'no 😀\n', dropped: 0 },
  });
  expect(await exec(['true'])).toMatchObject({ kind: 'exited', exitCode: 0, stdout: '' });
});

test('a command gets its arguments as they are', async () => {
  const parts = ['a b', '', '"&?=%20+\n', 'ü'];
  const { stdout } = await exec(['printf', '<%s>', ...parts]);
  expect(stdout).toBe(parts.map((part) => `<${part}>`).join(''));
});

test('a mebibyte of output is kept in part, and its end comes', async () => {
  const end = await shell('dd if=/dev/zero bs=1024 count=1024 2>/dev/null | tr "\\0" x; echo end');
  expect(end).toMatchObject({ exitCode: 0, dropped: 1024 * 1024 + 4 - 16 * 1024 });
  expect(end.stdout.length).toBeLessThan(17 * 1024);
  expect(end.stdout.endsWith('xend\n')).toBe(true);
});

test('a command that takes too long is left, with what it wrote until then', async () => {
  const end = await shell('echo before; sleep 1000', { timeoutMs: 1000 });
  expect(end).toMatchObject({ kind: 'timed-out', stdout: 'before\n' });
  expect(end.exitCode).toBeUndefined();
});

test('an abort ends the stream, and its reason is thrown', async () => {
  const abort = new AbortController();
  const reason = new Error('cancelled by the test');
  const ended = shell('touch /tmp/began; sleep 1000', { signal: abort.signal });
  const thrown = expect(ended).rejects.toBe(reason);
  await reached('/tmp/began');
  abort.abort(reason);
  await thrown;
  await expect(exec(['true'], { signal: abort.signal })).rejects.toBe(reason);
});

test('a connection that breaks off is told as such, and the next one works', async () => {
  const behind = openCluster(undefined, relay.kubeconfig);
  const ended = shell('touch /tmp/cut; sleep 1000', { cluster: behind });
  const thrown = expect(ended).rejects.toMatchObject({ code: 'cluster-unreachable' });
  await reached('/tmp/cut');
  relay.cut();
  await thrown;
  expect(await exec(['true'], { cluster: behind })).toMatchObject({ exitCode: 0 });
  relay.goAway();
  await expect(exec(['true'], { cluster: behind })).rejects.toMatchObject({
    code: 'cluster-unreachable',
  });
  relay.comeBack();
  await behind.close();
});

test.each([
  { fault: 'no pod', target: { pod: 'nobody' }, code: 'not-found', text: 'NotFound' },
  {
    ...{ fault: 'no container', target: { container: 'other' } },
    ...{ code: 'not-found', text: 'no such container' },
  },
  {
    ...{ fault: 'a container that ended', target: { pod: 'ended' } },
    ...{ code: 'pod-not-running', text: 'does not run (Completed)' },
  },
  {
    ...{ fault: 'a pod without a node', target: { pod: 'waits' } },
    ...{ code: 'pod-not-running', text: 'does not run (Pending)' },
  },
])('$fault is told apart', async ({ target, code, text }) => {
  const error: unknown = await exec(['true', SECRET], target).catch((thrown: unknown) => thrown);
  expect(error).toMatchObject({ code });
  expect(String(error)).toContain(text);
  expect(String(error)).not.toContain(SECRET);
});

test.each([
  ['a program that is not there', [SECRET]],
  ['a program that may not be run', ['/etc/../etc', SECRET]],
])('%s is told, without a word of the command', async (_, command) => {
  const error: unknown = await exec(command).catch((thrown: unknown) => thrown);
  expect(error).toMatchObject({ code: 'command-not-started', subject: `pods/${namespace}/runs` });
  expect(String(error)).not.toContain(SECRET);
});

test('an account that may get and create pods/exec runs commands, and one that may not is told so', async () => {
  await kubectl('-n', namespace, 'create', 'serviceaccount', 'worker');
  const account = await accountKubeconfig('worker', namespace);
  const asWorker = openCluster(undefined, account.kubeconfig);
  await expect(exec(['true'], { cluster: asWorker })).rejects.toMatchObject({
    ...{ code: 'cluster-forbidden', subject: `pods/${namespace}/runs` },
  });
  const role = ['--verb=get,create', '--resource=pods/exec'];
  await kubectl('-n', namespace, 'create', 'role', 'exec', ...role);
  const subject = `--serviceaccount=${namespace}:worker`;
  await kubectl('-n', namespace, 'create', 'rolebinding', 'exec', '--role=exec', subject);
  expect(await exec(['true'], { cluster: asWorker })).toMatchObject({ exitCode: 0 });
  await asWorker.close();
  await account.remove();
});
