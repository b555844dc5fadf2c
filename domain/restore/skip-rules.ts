import { fields } from '../fields.ts';
import { groupResource, type KubernetesObject, type ResourceType } from '../item.ts';
import { accountOf, isTokenSecret } from './token-secret.ts';

type SkipRule = (object: KubernetesObject) => string | undefined;

/**
 * Why an object of the backup is not restored at all; undefined if it is. The object may have nothing but its name and
 * its labels: then those alone decide.
 */
export function skipReason(type: ResourceType, object: KubernetesObject): string | undefined {
  return SKIP_RULES[groupResource(type)]?.(object);
}

const SLICE_MANAGER = 'endpointslice.kubernetes.io/managed-by';
const ENDPOINTS_MANAGER = 'endpoints.kubernetes.io/managed-by';
/** Controllers that make slices of their own names for a service, and know only those that they own. */
const SLICE_CONTROLLERS: ReadonlySet<string> = new Set([
  ...['endpointslice-controller.k8s.io', 'endpointslicemirroring-controller.k8s.io'],
]);

/** Sources: Velero's `restoreItem` and restore item actions; those of addresses and endpoints are Holdfast's own. */
const SKIP_RULES: Readonly<Record<string, SkipRule>> = {
  'jobs.batch': (job) => {
    const { completionTime = '' } = fields(job['status']);
    return completionTime === '' ? undefined : 'the job had completed';
  },
  pods: (pod) => {
    const mirrored = pod.metadata.annotations?.['kubernetes.io/config.mirror'] ?? '';
    if (mirrored !== '') {
      return 'the pod mirrors a static pod of a node';
    }
    const { phase } = fields(pod['status']);
    return phase === 'Succeeded' || phase === 'Failed' ? 'the pod had ended' : undefined;
  },
  'apiservices.apiregistration.k8s.io': ({ metadata, spec }) => {
    const isManaged = metadata.labels?.['kube-aggregator.kubernetes.io/automanaged'] !== undefined;
    // Without a service it stands for what the API server itself serves.
    const isLocal = spec !== undefined && (fields(spec)['service'] ?? null) === null;
    return isManaged || isLocal ? 'the API server makes it by itself' : undefined;
  },
  secrets: (secret) =>
    isTokenSecret(secret) && secret.metadata.name.startsWith(`${accountOf(secret)}-token-`)
      ? 'the token of a service account is issued anew'
      : undefined,
  persistentvolumes: (volume) =>
    fields(volume['spec'])['persistentVolumeReclaimPolicy'] === 'Delete'
      ? 'the volume is provisioned anew for its claim'
      : undefined,
  // A service gets another address, and the API server takes away those that no service has.
  'ipaddresses.networking.k8s.io': ({ metadata }) =>
    metadata.labels?.['ipaddress.kubernetes.io/managed-by'] === 'ipallocator.k8s.io'
      ? 'the address of a service is allocated anew'
      : undefined,
  // The controller makes others beside them, and theirs alone go with the service.
  'endpointslices.discovery.k8s.io': ({ metadata }) =>
    SLICE_CONTROLLERS.has(metadata.labels?.[SLICE_MANAGER] ?? '')
      ? 'the cluster makes the endpoints of a service by itself'
      : undefined,
  // Velero's data mover would take it for a new order to upload.
  'datauploads.velero.io': () => 'it was an order to the data mover of the source',
  endpoints: ({ metadata }) =>
    metadata.labels?.[ENDPOINTS_MANAGER] === 'endpoint-controller'
      ? 'the cluster makes the endpoints of a service by itself'
      : undefined,
};
