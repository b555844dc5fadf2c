import { type Fields, fields, list, nameOf } from '../fields.ts';
import type { KubernetesObject } from '../item.ts';
import { AS_NOBODY, CONFINED, IDLE } from './idle-container.ts';

/** Name of the init container that holds a pod until its own volumes have their data, and of its own volume. */
export const GATE = 'holdfast-gate';
const GATE_PATH = '/gate';
/** Volume by which the pod sees the annotation that lets it go. */
const WORD = 'holdfast-gate-word';
const WORD_PATH = '/gate-word';
/** Annotation of a pod that starts without the data that it waits for. */
export const GATE_OPEN = 'holdfast.dev/gate-open';
/** A pod that nobody lets go starts after so long, in seconds. */
const WAIT_MAX_S = 24 * 3600;
/** Ends when there is a file for each volume, whose names are DNS labels, or somebody has said the word. */
const SCRIPT = [
  `waited=0; for name in $HOLDFAST_GATES; do`,
  `until [ -e "${GATE_PATH}/$name" ] || [ -s ${WORD_PATH}/open ] || [ "$waited" -ge ${String(WAIT_MAX_S)} ]; do`,
  'waited=$((waited + 1)); sleep 1; done; done',
].join(' ');

/**
 * Makes a pod wait, before its first container, until a node agent has opened the gate of each of its volumes: a file in
 * a volume of the gate's own, so that nothing strange is ever in a volume of the user's. Changes the pod.
 */
export function addGate(pod: KubernetesObject, volumes: readonly string[], image: string): void {
  dropGate(pod);
  const spec = fields(pod['spec']);
  spec['initContainers'] = [gateContainer(volumes, image), ...list(spec['initContainers'])];
  const fieldRef = { fieldPath: `metadata.annotations['${GATE_OPEN}']` };
  spec['volumes'] = [
    ...list(spec['volumes']),
    { name: GATE, emptyDir: { sizeLimit: '1Mi' } },
    { name: WORD, downwardAPI: { items: [{ path: 'open', fieldRef }] } },
  ];
}

/** Takes out the gate that an earlier restore put into a pod; nobody would open it again. Changes the pod. */
export function dropGate(pod: KubernetesObject): void {
  const spec = fields(pod['spec']);
  Reflect.deleteProperty(fields(fields(pod.metadata)['annotations']), GATE_OPEN);
  dropGateFrom(spec, 'initContainers');
  dropGateFrom(spec, 'volumes');
}

function dropGateFrom(spec: Fields, field: string): void {
  const entries = spec[field];
  const isOfGate = (entry: unknown): boolean => [GATE, WORD].includes(nameOf(entry));
  if (Array.isArray(entries) && entries.some(isOfGate)) {
    spec[field] = entries.filter((entry) => !isOfGate(entry));
  }
}

function gateContainer(volumes: readonly string[], image: string): Fields {
  return {
    name: GATE,
    image,
    ...IDLE,
    command: ['sh', '-c', SCRIPT],
    env: [{ name: 'HOLDFAST_GATES', value: volumes.join(' ') }],
    securityContext: { ...CONFINED, ...AS_NOBODY },
    volumeMounts: [
      { name: GATE, mountPath: GATE_PATH },
      { name: WORD, mountPath: WORD_PATH, readOnly: true },
    ],
  };
}
