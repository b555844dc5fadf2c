import { execFile } from 'node:child_process';
import { stat } from 'node:fs/promises';
import { promisify } from 'node:util';

import { afterAll, beforeAll, expect, test } from 'vitest';

import { applyYaml } from '../support/applied-yaml.ts';
import { freshNamespace } from '../support/fresh-namespace.ts';
import { deleteNamespace, kubectl } from '../support/kubectl.ts';

// Goal: claims of the test bed's storage classes get volumes on the node of their pod, which are mount points there
// and keep their data, and whose place on the disk is given back with the claim.
// Method: a pod on each node for each class, in the bed's cluster. A cluster of the user's has other classes.

const run = promisify(execFile);
const isBedCluster = (process.env['HOLDFAST_TESTBED_OWN'] ?? '').includes(
  process.env['KUBECONFIG'] ?? 'none',
);
const CASES = isBedCluster
  ? ['standard', 'standard-loop'].flatMap((storageClass) =>
      ['node-a', 'node-b'].map((node) => ({ storageClass, node, name: `${storageClass}-${node}` })),
    )
  : [];
type Case = (typeof CASES)[number];

let namespace = '';
beforeAll(async () => {
  namespace = await freshNamespace('claims');
});
afterAll(async () => {
  await deleteNamespace(namespace);
});

const claimYaml = ({ name, storageClass }: Case): string => `
apiVersion: v1
kind: PersistentVolumeClaim
metadata: {name: ${name}, namespace: ${namespace}}
spec:
  storageClassName: ${storageClass}
  accessModes: [ReadWriteOnce]
  resources: {requests: {storage: 24Mi}}
`;

const podYaml = ({ name, node }: Case): string => `
apiVersion: v1
kind: Pod
metadata: {name: ${name}, namespace: ${namespace}}
spec:
  nodeSelector: {kubernetes.io/hostname: ${node}}
  terminationGracePeriodSeconds: 1
  containers:
    - name: main
      image: holdfast.test/busybox:1.35
      imagePullPolicy: IfNotPresent
      volumeMounts: [{name: data, mountPath: /data}]
  volumes: [{name: data, persistentVolumeClaim: {claimName: ${name}}}]
`;

const inNamespace = (...args: string[]): Promise<string> => kubectl('-n', namespace, ...args);
const inPod = ({ name }: Case, script: string): Promise<string> =>
  inNamespace('exec', name, '--', 'sh', '-c', script);

async function startPods(): Promise<void> {
  await applyYaml(CASES.map(podYaml).join('---'));
  await Promise.all(
    CASES.map(({ name }) =>
      inNamespace('wait', '--for=condition=Ready', `pod/${name}`, '--timeout=120s'),
    ),
  );
}

interface Volume {
  readonly name: string;
  readonly path: string;
  readonly node: string;
}

async function volumeOf({ name }: Case): Promise<Volume> {
  const volume = (
    await inNamespace('get', 'pvc', name, '-o', 'jsonpath={.spec.volumeName}')
  ).trim();
  const node = '{.spec.nodeAffinity.required.nodeSelectorTerms[0].matchExpressions[0].values[0]}';
  const [path = '', on = ''] = (
    await kubectl('get', 'pv', volume, '-o', `jsonpath={.spec.local.path} ${node}`)
  ).split(' ');
  return { name: volume, path, node: on };
}

async function isOnDisk({ name, path }: Volume): Promise<boolean> {
  const { stdout } = await run('losetup', ['--list', '--noheadings', '--output', 'BACK-FILE']);
  const isDirectory = await stat(path).then(
    (found) => found.isDirectory(),
    () => false,
  );
  return isDirectory || stdout.includes(name);
}

test('claims of both classes are bound on the node of their pod, keep their data, and leave nothing behind', async () => {
  await applyYaml(CASES.map(claimYaml).join('---'));
  await startPods();
  const volumes = await Promise.all(CASES.map(volumeOf));
  expect(volumes.map(({ node }) => node)).toEqual(CASES.map(({ node }) => node));
  for (const one of CASES) {
    const mounts = await inPod(
      one,
      'grep -c " /data " /proc/self/mountinfo; id > /data/file; sync',
    );
    expect(mounts.trim()).toBe('1');
  }
  expect(await Promise.all(volumes.map(isOnDisk))).toEqual(CASES.map(() => true));

  await inNamespace('delete', 'pod', '--all');
  await startPods();
  for (const one of CASES) {
    expect(await inPod(one, 'cat /data/file')).toContain('uid=0');
  }

  await inNamespace('delete', 'pod,pvc', '--all', '--wait=false');
  for (const volume of volumes) {
    await expect.poll(() => isOnDisk(volume)).toBe(false);
    await expect.poll(() => kubectl('get', 'pv', volume.name, '--ignore-not-found')).toBe('');
  }
});

test('a claim on a loop device is full when it has the bytes that it asked for', async () => {
  for (const one of CASES.filter(({ name }) => name === 'standard-loop-node-b')) {
    await applyYaml(`${claimYaml(one)}---${podYaml(one)}`);
    await inNamespace('wait', '--for=condition=Ready', `pod/${one.name}`, '--timeout=120s');
    const said = await inPod(one, 'dd if=/dev/zero of=/data/big bs=1M count=32 2>&1 || true');
    expect(said).toContain('No space left on device');
  }
});
