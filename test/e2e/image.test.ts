import { readFile } from 'node:fs/promises';

import { afterAll, beforeAll, expect, test } from 'vitest';

import { applyYaml } from '../support/applied-yaml.ts';
import { dropNamespaces } from '../support/dropped-namespaces.ts';
import { freshNamespace } from '../support/fresh-namespace.ts';
import { holdfastImage } from '../support/holdfast-image.ts';
import { kubectl } from '../support/kubectl.ts';

// Goal: the one image has what each process needs, and runs as the restricted Pod Security Standard asks.
// Method: a pod of the image that the bed built from this checkout, in a namespace that admits no other pods.

async function read(file: string): Promise<string> {
  return readFile(new URL(`../../${file}`, import.meta.url), 'utf8');
}

let namespace = '';
const inPod = (...command: string[]): Promise<string> =>
  kubectl('-n', namespace, 'exec', 'tools', '--', ...command);

beforeAll(async () => {
  const image = await holdfastImage();
  namespace = await freshNamespace('image');
  await kubectl('label', 'ns', namespace, 'pod-security.kubernetes.io/enforce=restricted');
  await applyYaml(`
apiVersion: v1
kind: Pod
metadata: {name: tools, namespace: ${namespace}}
spec:
  terminationGracePeriodSeconds: 0
  containers:
    - name: tools
      image: ${image}
      imagePullPolicy: IfNotPresent
      command: [sleep, infinity]
      securityContext:
        runAsNonRoot: true
        readOnlyRootFilesystem: true
        allowPrivilegeEscalation: false
        capabilities: {drop: [ALL]}
        seccompProfile: {type: RuntimeDefault}
`);
  await kubectl('-n', namespace, 'wait', '--for=condition=Ready', 'pod/tools', '--timeout=120s');
});
afterAll(async () => {
  await dropNamespaces(namespace);
});

test('the image runs the command line of this checkout, as a user who is not root', async () => {
  const { version } = JSON.parse(await read('package.json')) as { version: string };
  expect((await inPod('holdfast', '--version')).trim()).toBe(version);
  expect((await inPod('id', '-u')).trim()).toBe('65532');
});

test('the command line in the image tells what the image was built of', async () => {
  // The test bed has a hash of the sources for the commit, and names the image after it.
  const [, commit] = /:([^:]*)$/.exec(await holdfastImage()) ?? [];
  const told = await inPod('holdfast', 'version', '--client', '-o', 'json');
  expect(JSON.parse(told)).toMatchObject({ commit });
});

test('the image has the engine that it pins, and the tools for metadata', async () => {
  const [, version = 'none'] =
    /restic (?:v)([\d.]+)/.exec(await read('test/testbed/modules/restic/go.mod')) ?? [];
  expect(await inPod('sh', '-c', '"$HOLDFAST_RESTIC" version')).toContain(`restic ${version} `);
  const tools = ['getfattr', 'setfattr', 'setpriv'];
  const found = await inPod(
    'sh',
    '-c',
    `for tool in ${tools.join(' ')}; do command -v $tool; done`,
  );
  expect(found.trim().split('\n')).toHaveLength(tools.length);
});

test('the image has the packages of production alone, and one bridge to Temporal', async () => {
  const { dependencies } = JSON.parse(await read('package.json')) as { dependencies: object };
  const asked = [...Object.keys(dependencies), 'vitest', 'typescript', 'eslint'];
  const script = `cd node_modules; for name in ${asked.join(' ')}; do test -e $name && echo $name; done; true`;
  const present = (await inPod('sh', '-c', script)).trim().split('\n');
  expect(present).toEqual(Object.keys(dependencies));
  const bridges = await inPod('ls', 'node_modules/@temporalio/core-bridge/releases');
  expect(bridges.trim().split('\n')).toHaveLength(1);
});

test('a worker in the image has its workflows compiled already', async () => {
  const bundle = await inPod('sh', '-c', 'grep -c backupWorkflow "$HOLDFAST_WORKFLOW_BUNDLE"');
  expect(Number(bundle)).toBeGreaterThan(0);
});

test('the image has what a new plugin begins with', async () => {
  await inPod('holdfast', 'plugin', 'new', '/dev/shm/copier', '--language', 'typescript');
  expect(await inPod('cat', '/dev/shm/copier/main.ts')).toContain("'copier'");
});
