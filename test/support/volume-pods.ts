import { kubectl } from './kubectl.ts';
import { type Applied, applyYaml } from './applied-yaml.ts';

/** A pod with volumes, for tests that copy them. */
export interface VolumePod {
  readonly namespace: string;
  readonly name: string;
  /** The node that it runs on; any when left out. */
  readonly node?: string;
  /** Claims of the pod, each mounted at `/volumes/<claim>`; they are made with the pod. */
  readonly claims?: readonly string[];
  /** Storage class of the claims, if not one of directories. */
  readonly storageClass?: string;
  readonly storage?: string;
  /** Volumes of its own, mounted in the same way. */
  readonly emptyDirs?: readonly string[];
  readonly annotations?: Readonly<Record<string, string>>;
  readonly labels?: Readonly<Record<string, string>>;
  /** Whether its commands may do what only the owner of the node may. */
  readonly isPrivileged?: boolean;
  /** Shell text that fills the volumes before the pod is ready, unless there is something in the first one. */
  readonly fill?: string;
}

const IMAGE = 'holdfast.test/busybox:1.35';

/** Makes a pod with its claims, and waits until it has filled them. */
export async function applyVolumePod(pod: VolumePod): Promise<Applied> {
  const { namespace, name, claims = [] } = pod;
  const documents = [...claims.map((claim) => claimYaml(pod, claim)), podYaml(pod)];
  const applied = await applyYaml(documents.map((one) => JSON.stringify(one)).join('\n---\n'));
  await kubectl('-n', namespace, 'wait', '--for=condition=Ready', `pod/${name}`, '--timeout=120s');
  return applied;
}

function claimYaml(pod: VolumePod, name: string): object {
  const { namespace, storageClass = 'standard', storage = '1Gi' } = pod;
  return {
    ...{ apiVersion: 'v1', kind: 'PersistentVolumeClaim', metadata: { name, namespace } },
    spec: {
      accessModes: ['ReadWriteOnce'],
      storageClassName: storageClass,
      resources: { requests: { storage } },
    },
  };
}

function podYaml(pod: VolumePod): object {
  const { namespace, name, node, claims = [], emptyDirs = [], annotations = {}, fill = '' } = pod;
  const { isPrivileged = false, labels = {} } = pod;
  const names = [...claims, ...emptyDirs];
  return {
    ...{ apiVersion: 'v1', kind: 'Pod', metadata: { name, namespace, annotations, labels } },
    spec: {
      ...(node === undefined ? {} : { nodeSelector: { 'kubernetes.io/hostname': node } }),
      terminationGracePeriodSeconds: 0,
      containers: [
        {
          ...{ name: 'main', image: IMAGE, imagePullPolicy: 'IfNotPresent' },
          command: ['sh', '-c', script(names[0], fill)],
          readinessProbe: {
            exec: { command: ['test', '-e', '/ready'] },
            periodSeconds: 1,
          },
          ...(isPrivileged ? { securityContext: { privileged: true } } : {}),
          volumeMounts: names.map((one) => ({ name: one, mountPath: `/volumes/${one}` })),
        },
      ],
      volumes: [
        ...claims.map((one) => ({ name: one, persistentVolumeClaim: { claimName: one } })),
        ...emptyDirs.map((one) => ({ name: one, emptyDir: {} })),
      ],
    },
  };
}

function script(first: string | undefined, fill: string): string {
  return `set -e; cd /volumes; if [ -z "$(ls -A ./${first ?? ''} | grep -vx lost+found)" ]; then :; ${fill}\nfi; touch /ready; exec /pause`;
}
