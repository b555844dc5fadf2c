import type { KubernetesObject } from '../../domain/item.ts';
import { AS_NOBODY, CONFINED, IDLE } from '../../domain/restore/idle-container.ts';
import type { Placement } from '../../domain/volumes/placement.ts';

/** What a pod says of who made it. */
interface PodOwner {
  /** Of the run that it is for. */
  readonly workflowId: string;
  readonly installation: string;
}

/** A claim that a pod of ours mounts, for which run, and how. */
export interface Mounting {
  readonly namespace: string;
  readonly claim: string;
  /** Number of the volume in the run. */
  readonly index: number;
  readonly runUid: string;
  /** Whose it is, for who finds it when the run is over. */
  readonly owner: PodOwner;
  readonly image: string;
  readonly access: 'read' | 'write';
  /** Other claims that get their volumes on the same node. */
  readonly beside?: readonly string[];
  /** The namespace of the node agents; left out where they are no pods, and may be on any node. */
  readonly agentsIn?: string;
  /** Where the pod should run that is to mount the volume later. */
  readonly placement?: Placement;
}

/** The label with the uid of the run, and the annotations that say whose a pod is. */
export const RUN_UID = 'holdfast.dev/run-uid';
export const WORKFLOW_ID = 'holdfast.dev/workflow-id';
export const INSTALLATION = 'holdfast.dev/installation';
/** Pods that runs make, and no agents. */
export const OWN_PODS =
  'app.kubernetes.io/name=holdfast,app.kubernetes.io/component in (mount,image)';
/** Where the claim is in the pod; nobody looks there, the node agent reads the kubelet's folder. */
const MOUNT_PATH = '/volume';
/** The cluster ends the pod after so long, in seconds, when nobody else does. */
const LIFETIME_S = 26 * 3600;
/** Of a run id; what it begins with is a time, which runs that begin together share. */
const RUN_UID_LENGTH = 12;

/** Names of the pods, the same for each attempt. */
export function mountPodName({ runUid, index }: Pick<Mounting, 'runUid' | 'index'>): string {
  return `holdfast-mount-${runUid.slice(-RUN_UID_LENGTH)}-${String(index)}`;
}

export function imagePodName(runUid: string): string {
  return `holdfast-image-${runUid.slice(-RUN_UID_LENGTH)}`;
}

/** A pod that only mounts a claim, so that the agent of its node finds the volume. */
export function mountPod(mounting: Mounting): KubernetesObject {
  const { namespace, claim, beside = [], runUid, owner, access, image, placement = {} } = mounting;
  const readOnly = access === 'read';
  return quietPod({
    ...{ name: mountPodName(mounting), namespace, component: 'mount', runUid, owner, image },
    spec: {
      ...(placement.nodeSelector === undefined ? {} : { nodeSelector: placement.nodeSelector }),
      affinity: affinityOf(mounting),
      volumes: [claim, ...beside].map((claimName, number) => ({
        name: volumeAt(number),
        persistentVolumeClaim: { claimName, readOnly },
      })),
    },
    volumeMounts: [{ name: volumeAt(0), mountPath: MOUNT_PATH, readOnly }],
  });
}

function volumeAt(number: number): string {
  return `volume-${String(number)}`;
}

/** A pod that shows whether the image can be pulled, and nothing else. */
export function imagePod(where: {
  readonly name: string;
  readonly namespace: string;
  readonly runUid: string;
  readonly owner: PodOwner;
  readonly image: string;
}): KubernetesObject {
  return quietPod({ ...where, component: 'image', spec: {}, volumeMounts: [] });
}

interface QuietPod {
  readonly name: string;
  readonly namespace: string;
  readonly component: string;
  readonly runUid: string;
  readonly owner: PodOwner;
  readonly image: string;
  /** What its spec has besides. */
  readonly spec: object;
  readonly volumeMounts: readonly object[];
}

/**
 * A pod that does nothing. It satisfies the restricted Pod Security Standard, has no token, and is in no backup.
 */
function quietPod(pod: QuietPod): KubernetesObject {
  const { name, namespace, component, runUid, owner, image, spec, volumeMounts } = pod;
  return {
    apiVersion: 'v1',
    kind: 'Pod',
    metadata: {
      name,
      namespace,
      labels: {
        'app.kubernetes.io/name': 'holdfast',
        [COMPONENT]: component,
        'app.kubernetes.io/managed-by': 'holdfast',
        [RUN_UID]: runUid,
        'velero.io/exclude-from-backup': 'true',
      },
      annotations: {
        [WORKFLOW_ID]: owner.workflowId,
        [INSTALLATION]: owner.installation,
        // A mesh would make it wait for a sidecar that nobody needs.
        ...{ 'sidecar.istio.io/inject': 'false', 'linkerd.io/inject': 'disabled' },
      },
    },
    spec: {
      automountServiceAccountToken: false,
      enableServiceLinks: false,
      restartPolicy: 'Never',
      terminationGracePeriodSeconds: 0,
      activeDeadlineSeconds: LIFETIME_S,
      // A volume may be on a node that takes no other pods.
      tolerations: [{ operator: 'Exists' }],
      securityContext: AS_NOBODY,
      containers: [
        {
          name: component,
          image,
          ...IDLE,
          command: ['sleep', 'infinity'],
          securityContext: CONFINED,
          volumeMounts,
        },
      ],
      ...spec,
    },
  };
}

/** Labels of the pods of node agents, as the manifests in `deploy/` have them. */
const COMPONENT = 'app.kubernetes.io/component';

/** Whether a pod only mounts a claim. */
export function isMountPod({ metadata }: KubernetesObject): boolean {
  return (
    metadata.labels?.[COMPONENT] === 'mount' &&
    metadata.labels['app.kubernetes.io/name'] === 'holdfast'
  );
}

const AGENT_LABELS = { 'app.kubernetes.io/component': 'node-agent' };
export const AGENT_SELECTOR = 'app.kubernetes.io/component=node-agent';

/** A fresh volume is made on the node of its first pod: one with an agent, where the pods of later can run too. */
function affinityOf({ agentsIn, placement }: Mounting): object {
  const term = {
    labelSelector: { matchLabels: AGENT_LABELS },
    namespaces: [agentsIn],
    topologyKey: 'kubernetes.io/hostname',
  };
  return {
    ...(placement?.nodeAffinity === undefined ? {} : { nodeAffinity: placement.nodeAffinity }),
    ...(agentsIn === undefined
      ? {}
      : { podAffinity: { requiredDuringSchedulingIgnoredDuringExecution: [term] } }),
  };
}
