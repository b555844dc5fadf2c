import type { KubernetesObject } from '../../domain/item.ts';
import type { Placement } from '../../domain/volumes/placement.ts';

/** A claim that a pod of ours mounts, for which run, and how. */
export interface Mounting {
  readonly namespace: string;
  readonly claim: string;
  /** Number of the volume in the run. */
  readonly index: number;
  readonly runUid: string;
  readonly image: string;
  readonly access: 'read' | 'write';
  /** The namespace of the node agents; left out where they are no pods, and may be on any node. */
  readonly agentsIn?: string;
  /** Where the pod should run that is to mount the volume later. */
  readonly placement?: Placement;
}

/** Where the claim is in the pod; nobody looks there, the node agent reads the kubelet's folder. */
const MOUNT_PATH = '/volume';
/** The cluster ends the pod after so long, in seconds, when nobody else does. */
const LIFETIME_S = 26 * 3600;
const RUN_UID_LENGTH = 8;

/** Name of the pod, the same for each attempt. */
export function mountPodName({ runUid, index }: Pick<Mounting, 'runUid' | 'index'>): string {
  return `holdfast-mount-${runUid.slice(0, RUN_UID_LENGTH)}-${String(index)}`;
}

/**
 * A pod that only mounts a claim, so that the agent of its node finds the volume. It satisfies the restricted Pod Security
 * Standard, has no token, and is in no backup.
 */
export function mountPod(mounting: Mounting): KubernetesObject {
  const { namespace, claim, runUid, image, access, placement = {} } = mounting;
  const isReadOnly = access === 'read';
  return {
    apiVersion: 'v1',
    kind: 'Pod',
    metadata: {
      name: mountPodName(mounting),
      namespace,
      labels: {
        'app.kubernetes.io/name': 'holdfast',
        'app.kubernetes.io/component': 'mount',
        'app.kubernetes.io/managed-by': 'holdfast',
        'holdfast.dev/run-uid': runUid,
        'velero.io/exclude-from-backup': 'true',
      },
      // A mesh would make it wait for a sidecar that nobody needs.
      annotations: { 'sidecar.istio.io/inject': 'false', 'linkerd.io/inject': 'disabled' },
    },
    spec: {
      automountServiceAccountToken: false,
      enableServiceLinks: false,
      restartPolicy: 'Never',
      terminationGracePeriodSeconds: 0,
      activeDeadlineSeconds: LIFETIME_S,
      // A volume may be on a node that takes no other pods.
      tolerations: [{ operator: 'Exists' }],
      ...(placement.nodeSelector === undefined ? {} : { nodeSelector: placement.nodeSelector }),
      affinity: affinityOf(mounting),
      securityContext: {
        runAsNonRoot: true,
        runAsUser: NOBODY,
        runAsGroup: NOBODY,
        seccompProfile: { type: 'RuntimeDefault' },
      },
      containers: [
        {
          name: 'mount',
          image,
          imagePullPolicy: 'IfNotPresent',
          command: ['sleep', 'infinity'],
          resources: {
            requests: { cpu: '10m', memory: '16Mi' },
            limits: { cpu: '100m', memory: '32Mi' },
          },
          securityContext: {
            allowPrivilegeEscalation: false,
            readOnlyRootFilesystem: true,
            capabilities: { drop: ['ALL'] },
          },
          volumeMounts: [{ name: 'volume', mountPath: MOUNT_PATH, readOnly: isReadOnly }],
        },
      ],
      volumes: [
        { name: 'volume', persistentVolumeClaim: { claimName: claim, readOnly: isReadOnly } },
      ],
    },
  };
}

/** Labels of the pods of node agents, as the manifests in `deploy/` have them. */
export const AGENT_LABELS = { 'app.kubernetes.io/component': 'node-agent' };

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

/** User and group that own nothing. */
const NOBODY = 65534;
