import { type Fields, fields, list, nameOf } from '../fields.ts';
import type { KubernetesObject } from '../item.ts';

/** Name of the init container that holds a pod until its own volumes have their data, and of its own volume. */
export const GATE = 'holdfast-gate';
const GATE_PATH = '/gate';
/** User and group that own nothing. */
const NOBODY = 65534;
/** Ends when there is a file for each volume; their names are DNS labels. */
const SCRIPT = `for name in $HOLDFAST_GATES; do until [ -e "${GATE_PATH}/$name" ]; do sleep 0.5; done; done`;

/**
 * Makes a pod wait, before its first container, until a node agent has opened the gate of each of its volumes: a file in
 * a volume of the gate's own, so that nothing strange is ever in a volume of the user's. Changes the pod.
 */
export function addGate(pod: KubernetesObject, volumes: readonly string[], image: string): void {
  dropGate(pod);
  const spec = fields(pod['spec']);
  spec['initContainers'] = [gateContainer(volumes, image), ...list(spec['initContainers'])];
  spec['volumes'] = [...list(spec['volumes']), { name: GATE, emptyDir: { sizeLimit: '1Mi' } }];
}

/** Takes out the gate that an earlier restore put into a pod; nobody would open it again. Changes the pod. */
export function dropGate(pod: KubernetesObject): void {
  const spec = fields(pod['spec']);
  dropGateFrom(spec, 'initContainers');
  dropGateFrom(spec, 'volumes');
}

function dropGateFrom(spec: Fields, field: string): void {
  const entries = spec[field];
  if (Array.isArray(entries) && entries.some((entry) => nameOf(entry) === GATE)) {
    spec[field] = entries.filter((entry) => nameOf(entry) !== GATE);
  }
}

function gateContainer(volumes: readonly string[], image: string): Fields {
  return {
    name: GATE,
    image,
    imagePullPolicy: 'IfNotPresent',
    command: ['sh', '-c', SCRIPT],
    env: [{ name: 'HOLDFAST_GATES', value: volumes.join(' ') }],
    resources: {
      requests: { cpu: '10m', memory: '16Mi' },
      limits: { cpu: '100m', memory: '32Mi' },
    },
    securityContext: {
      allowPrivilegeEscalation: false,
      readOnlyRootFilesystem: true,
      runAsNonRoot: true,
      runAsUser: NOBODY,
      runAsGroup: NOBODY,
      capabilities: { drop: ['ALL'] },
      seccompProfile: { type: 'RuntimeDefault' },
    },
    volumeMounts: [{ name: GATE, mountPath: GATE_PATH }],
  };
}
