import { execFile } from 'node:child_process';
import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { promisify } from 'node:util';

import { accountKubeconfig } from './account-kubeconfig.ts';
import { type Applied, applyYaml } from './applied-yaml.ts';
import { startProxy } from './kubectl-proxy.ts';
import { kubectl } from './kubectl.ts';

const run = promisify(execFile);

/**
 * Makes namespaces with what a backup leaves out or warns of. In `<prefix>-marks`: the pod `hooked` with hooks, which
 * mounts a claim with the label that excludes it and one that does not exist; the ConfigMap `kept`, three with the label,
 * and `leaving`, which waits for its finalizer. The namespace `<prefix>-hidden` has the label, and `<prefix>-leaving` is
 * being deleted.
 */
export async function applyMarks(prefix: string): Promise<Applied> {
  const marks = `${prefix}-marks`;
  const applied = await applyYaml(marksYaml(prefix));
  const remove = async (): Promise<void> => {
    for (const namespace of [marks, `${prefix}-leaving`]) {
      const patch = '{"metadata":{"finalizers":null}}';
      await kubectl('-n', namespace, 'patch', 'configmap', 'leaving', '--type=merge', '-p', patch);
    }
    await applied.remove();
  };
  await kubectl('-n', marks, 'delete', 'configmap', 'leaving', '--wait=false');
  await kubectl('delete', 'namespace', `${prefix}-leaving`, '--wait=false');
  return { remove };
}

function marksYaml(prefix: string): string {
  const marks = `${prefix}-marks`;
  const leaving = (namespace: string) => `
apiVersion: v1
kind: ConfigMap
metadata: {name: leaving, namespace: ${namespace}, finalizers: [holdfast.test/wait]}
`;
  const hidden = ['a', 'b', 'c'].map(
    (name) => `
apiVersion: v1
kind: ConfigMap
metadata: {name: hidden-${name}, namespace: ${marks}, labels: {velero.io/exclude-from-backup: "true"}}
`,
  );
  return [
    namespaceYaml(marks),
    namespaceYaml(`${prefix}-hidden`, '{velero.io/exclude-from-backup: "true"}'),
    namespaceYaml(`${prefix}-leaving`),
    leaving(marks),
    leaving(`${prefix}-leaving`),
    ...hidden,
    `
apiVersion: v1
kind: ConfigMap
metadata: {name: kept, namespace: ${marks}}
`,
    `
apiVersion: v1
kind: Pod
metadata:
  name: hooked
  namespace: ${marks}
  annotations:
    pre.hook.backup.velero.io/command: '["sync"]'
    post.hook.backup.velero.io/command: '["true"]'
spec:
  automountServiceAccountToken: false
  nodeSelector: {holdfast.test/node: nowhere}
  containers: [{name: main, image: "holdfast.test/busybox:1.35"}]
  volumes:
    - {name: hidden, persistentVolumeClaim: {claimName: hidden}}
    - {name: missing, persistentVolumeClaim: {claimName: missing}}
`,
    // Without a class of its own it would take a volume of another fixture.
    `
apiVersion: v1
kind: PersistentVolumeClaim
metadata: {name: hidden, namespace: ${marks}, labels: {velero.io/exclude-from-backup: "true"}}
spec: {storageClassName: holdfast-test-none, accessModes: [ReadWriteOnce], resources: {requests: {storage: 1Mi}}}
`,
  ].join('---');
}

/** A namespace, as YAML. */
export function namespaceYaml(name: string, labels = '{}'): string {
  return `
apiVersion: v1
kind: Namespace
metadata: {name: ${name}, labels: ${labels}}
`;
}

/** The ConfigMap `skip`: a policy that skips whatever the volumes of the fixture are. */
export function policyYaml(namespace: string): string {
  return `
apiVersion: v1
kind: ConfigMap
metadata: {name: skip, namespace: ${namespace}}
data:
  policies.yaml: |
    version: v1
    volumePolicies:
      - conditions: {volumeTypes: [hostPath, local]}
        action: {type: skip}
      - conditions: {nfs: {}}
        action: {type: skip}
`;
}

/** Writes a kubeconfig of an account that may read whatever is named, which plugins there are, and nothing else. */
export async function limitedKubeconfig(
  name: string,
  { namespace, resources }: { namespace: string; resources: readonly string[] },
): Promise<Applied & { readonly kubeconfig: string }> {
  const applied = await applyYaml(`
apiVersion: v1
kind: ServiceAccount
metadata: {name: ${name}, namespace: ${namespace}}
---
apiVersion: rbac.authorization.k8s.io/v1
kind: ClusterRole
metadata: {name: ${name}}
rules:
  - {apiGroups: [""], resources: [${resources.join(', ')}], verbs: [get, list]}
  - {apiGroups: [holdfast.dev], resources: [plugins], verbs: [get, list]}
---
apiVersion: rbac.authorization.k8s.io/v1
kind: ClusterRoleBinding
metadata: {name: ${name}}
roleRef: {apiGroup: rbac.authorization.k8s.io, kind: ClusterRole, name: ${name}}
subjects: [{kind: ServiceAccount, name: ${name}, namespace: ${namespace}}]
`);
  const account = await accountKubeconfig(name, namespace);
  const remove = async (): Promise<void> => {
    await applied.remove();
    await account.remove();
  };
  return { kubeconfig: account.kubeconfig, remove };
}

interface ApiGroups {
  readonly groups: readonly {
    readonly name: string;
    readonly preferredVersion: { readonly groupVersion: string };
    readonly versions: readonly { readonly groupVersion: string }[];
  }[];
}

interface ApiResources {
  readonly resources: readonly { readonly name: string; readonly verbs: readonly string[] }[];
}

const NEEDED_VERBS = ['list', 'get', 'create', 'delete'];

/**
 * Every type that the API server serves, `deployments.apps` to `apps/v1`: the first version in the server's own order in
 * which the type can be backed up, or any if it cannot. Discovery of the old form, which Holdfast does not use.
 */
export async function servedTypes(): Promise<ReadonlyMap<string, readonly string[]>> {
  const proxy = await startProxy();
  try {
    const { groups = [] } = await getJson<ApiGroups>(`${proxy.url}/apis`);
    const versions = [
      { group: '', version: 'v1', path: '/api/v1' },
      ...groups.flatMap(({ name, preferredVersion, versions: all }) =>
        [preferredVersion, ...all].map(({ groupVersion }) => ({
          ...{ group: name, version: groupVersion, path: `/apis/${groupVersion}` },
        })),
      ),
    ];
    const documents = await Promise.all(
      versions.map(async (version) => ({
        ...version,
        ...(await getJson<ApiResources>(`${proxy.url}${version.path}`)),
      })),
    );
    return preferred(documents);
  } finally {
    proxy.stop();
  }
}

function preferred(
  documents: readonly ({ group: string; version: string } & Partial<ApiResources>)[],
): ReadonlyMap<string, readonly string[]> {
  const usable = new Map<string, string[]>();
  const other = new Map<string, string[]>();
  for (const { group, version, resources = [] } of documents) {
    for (const { name, verbs } of resources.filter(({ name: path }) => !path.includes('/'))) {
      const type = group === '' ? name : `${name}.${group}`;
      const found = NEEDED_VERBS.every((verb) => verbs.includes(verb)) ? usable : other;
      found.set(type, [...(found.get(type) ?? []), version]);
    }
  }
  const first = [...usable].map(([type, versions]) => [type, versions.slice(0, 1)] as const);
  return new Map<string, readonly string[]>([...other, ...first]);
}

/** Nothing of a group whose server does not answer. */
async function getJson<Body>(url: string): Promise<Partial<Body>> {
  const response = await fetch(url);
  // The documents are Kubernetes' own, whose shape the callers name.
  return response.status === 503 ? {} : ((await response.json()) as Body);
}

/** How many objects a tarball holds of each type, as `tar` lists it and the folders name it. */
export async function tarredTypes(archive: Buffer): Promise<ReadonlyMap<string, number>> {
  const folder = await mkdtemp(join(tmpdir(), 'holdfast-tar-'));
  const file = join(folder, 'archive.tar.gz');
  await writeFile(file, archive);
  const { stdout } = await run('tar', ['tzf', file], { maxBuffer: 2 ** 26 });
  await rm(folder, { recursive: true });
  const counts = new Map<string, number>();
  for (const path of stdout.trim().split('\n')) {
    const [, type = '', scope = ''] = path.split('/');
    if (scope === 'cluster' || scope === 'namespaces') {
      counts.set(type, (counts.get(type) ?? 0) + 1);
    }
  }
  return counts;
}
