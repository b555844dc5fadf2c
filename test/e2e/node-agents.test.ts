import { Connection } from '@temporalio/client';
import { temporal } from '@temporalio/proto';
import { afterAll, beforeAll, expect, test } from 'vitest';

import { backupKeys } from '../../domain/object-key.ts';
import type { CopyRecord } from '../../domain/volumes/copy-record.ts';
import { readJsonGz } from '../../storage/json-file.ts';
import { applyYaml } from '../support/applied-yaml.ts';
import { dropNamespaces } from '../support/dropped-namespaces.ts';
import { freshNamespace } from '../support/fresh-namespace.ts';
import { Installation } from '../support/installation.ts';
import { deleteNamespace, kubectl } from '../support/kubectl.ts';
import { NodeAgents } from '../support/node-agents.ts';
import { applyVolumePod } from '../support/volume-pods.ts';

// Goal: the manifests run an agent on each node that can do its work there, and may do nothing else.
// Method: the manifests of deploy/ in the test bed's cluster, with the image of this checkout.

/** Attributes that only an administrator reads and writes, and an owner that the image does not know. */
const ADORN =
  'cd "$0" && touch odd && setfattr -n trusted.holdfast -v 1 odd && setfattr -n user.holdfast -v 2 odd && chown 4711:4712 odd && chmod 6600 odd && mknod null c 1 3';

let installation: Installation;
let agents: NodeAgents;
let namespace = '';
beforeAll(async () => {
  installation = await Installation.start();
  agents = await NodeAgents.start(installation);
  namespace = await freshNamespace('agents');
});
afterAll(async () => {
  await dropNamespaces(namespace);
  await agents.stop();
  await installation.stop();
});

/** What identifies the workers that ask a queue for activities. */
async function pollersOf(queue: string): Promise<number> {
  const connection = await Connection.connect({ address: installation.temporalAddress });
  const { pollers } = await connection.workflowService.describeTaskQueue({
    namespace: 'default',
    taskQueue: { name: queue },
    taskQueueType: temporal.api.enums.v1.TaskQueueType.TASK_QUEUE_TYPE_ACTIVITY,
  });
  await connection.close();
  return new Set(pollers.map(({ identity }) => identity)).size;
}

const inAgent = async (node: string, ...command: string[]): Promise<string> =>
  kubectl('-n', installation.ownNamespace, 'exec', await agents.podOn(node), '--', ...command);

async function restartsOn(node: string): Promise<string> {
  const path = '{.status.containerStatuses[0].restartCount}';
  const pod = await agents.podOn(node);
  return kubectl('-n', installation.ownNamespace, 'get', 'pod', pod, '-o', `jsonpath=${path}`);
}

test('there is one agent on each node, which serves the queue of that node', async () => {
  const nodes = (await kubectl('get', 'nodes', '-o', 'jsonpath={.items[*].metadata.name}')).split(
    ' ',
  );
  expect(await agents.nodes()).toEqual(nodes.sort());
  for (const node of nodes) {
    const queue = `holdfast.node.${installation.name}.${node}`;
    await expect.poll(() => pollersOf(queue)).toBe(1);
  }
});

test('an agent that was killed comes back and serves its queue again', async () => {
  const [node = ''] = await agents.nodes();
  expect(await agents.kill(node, 'worker/main.ts')).toBe(1);
  await expect.poll(() => restartsOn(node)).toBe('1');
  await expect.poll(() => agents.log(node)).toContain('worker ready');
});

test('an agent reads and writes foreign files of volumes that its node mounts later', async () => {
  const [, node = ''] = await agents.nodes();
  await applyYaml(`
apiVersion: v1
kind: PersistentVolumeClaim
metadata: {name: data, namespace: ${namespace}}
spec:
  storageClassName: standard-loop
  accessModes: [ReadWriteOnce]
  resources: {requests: {storage: 24Mi}}
---
apiVersion: v1
kind: Pod
metadata: {name: main, namespace: ${namespace}}
spec:
  nodeSelector: {kubernetes.io/hostname: ${node}}
  terminationGracePeriodSeconds: 0
  containers:
    - name: main
      image: holdfast.test/busybox:1.35
      imagePullPolicy: IfNotPresent
      volumeMounts: [{name: data, mountPath: /data}]
  volumes: [{name: data, persistentVolumeClaim: {claimName: data}}]
`);
  await kubectl('-n', namespace, 'wait', '--for=condition=Ready', 'pod/main', '--timeout=120s');
  const uid = await kubectl(
    '-n',
    namespace,
    'get',
    'pod',
    'main',
    '-o',
    'jsonpath={.metadata.uid}',
  );
  const volume = await kubectl(
    '-n',
    namespace,
    'get',
    'pvc',
    'data',
    '-o',
    'jsonpath={.spec.volumeName}',
  );
  const folder = `/var/lib/kubelet/pods/${uid}/volumes/kubernetes.io~local-volume/${volume}`;

  expect(await inAgent(node, 'cat', '/proc/self/mountinfo')).toContain(` ${folder} `);
  await inAgent(node, 'sh', '-c', ADORN, folder);
  expect(await inAgent(node, 'stat', '-c', '%a %u:%g', `${folder}/odd`)).toBe('6600 4711:4712\n');
  const attributes = await inAgent(
    node,
    'sh',
    '-c',
    'getfattr -d -m - "$0/odd" 2>/dev/null',
    folder,
  );
  expect(attributes).toContain('trusted.holdfast="1"\nuser.holdfast="2"');
  const seen = await kubectl(
    '-n',
    namespace,
    'exec',
    'main',
    '--',
    'stat',
    '-c',
    '%a %u:%g',
    '/data/odd',
  );
  expect(seen).toBe('6600 4711:4712\n');
});

test('a backup copies volumes of both nodes through the agents of the manifests', async () => {
  const home = await freshNamespace('copied');
  for (const node of await agents.nodes()) {
    await applyVolumePod({
      ...{ namespace: home, name: node, node, claims: [`data-${node}`] },
      fill: `dd if=/dev/urandom of=data-${node}/file bs=1M count=4 2>/dev/null`,
    });
  }
  await installation.createBackup('both', [home]);
  const { status } = await installation.ended('backups', 'both');
  const read = await readJsonGz(installation.store(), backupKeys('both').volumes);
  await deleteNamespace(home);
  expect(status).toMatchObject({ phase: 'Completed', errors: 0 });
  // What a test reads here is what the backup wrote.
  const records = (read as readonly CopyRecord[]).map(({ node, copy }) => [node, copy.outcome]);
  expect(records.sort()).toEqual((await agents.nodes()).map((node) => [node, 'Complete']));
});

test('the account of the agents may get pods and the Secrets of its namespace, and do nothing else with them', async () => {
  const account = `system:serviceaccount:${installation.ownNamespace}:holdfast-node-agent-${installation.name}`;
  const mayIn = async (namespace: string, verb: string, what: string): Promise<string> => {
    const asked = ['auth', 'can-i', verb, what, '--as', account, '-n', namespace];
    // It ends with a failure where the answer is no.
    return (await kubectl(...asked).catch(() => 'no')).trim();
  };
  const may = (verb: string, what: string) => mayIn(installation.ownNamespace, verb, what);
  expect(await may('get', 'pods')).toBe('yes');
  expect(await may('get', 'secrets/holdfast-master-key')).toBe('yes');
  expect(await may('get', 'secrets/of-a-location')).toBe('yes');
  expect(await mayIn('default', 'get', 'secrets')).toBe('no');
  for (const verb of ['list', 'create', 'delete', 'patch']) {
    expect([verb, await may(verb, 'pods'), await may(verb, 'secrets')]).toEqual([verb, 'no', 'no']);
  }
});
