import { groupResource, type KubernetesObject, type ResourceType } from './item.ts';
import { mappedNamespace, type RestoreSpec } from './restore.ts';

/** Labels of a restored object, as Velero sets them, and our own mark. */
const BACKUP_LABEL = 'velero.io/backup-name';
const RESTORE_LABEL = 'velero.io/restore-name';
export const RESTORE_MARK = 'holdfast.dev/restore-uid';

const METADATA_DROPPED = [
  ...['generateName', 'selfLink', 'uid', 'resourceVersion', 'generation', 'creationTimestamp'],
  ...['deletionTimestamp', 'deletionGracePeriodSeconds', 'ownerReferences', 'managedFields'],
];

/** What marks the objects of one restore. Label values must be valid ones; see `labelValue` of the caller. */
export interface RestoreMarks {
  readonly backupLabel: string;
  readonly restoreLabel: string;
  readonly runUid: string;
}

/**
 * Makes the object that is created in the cluster from the one in the backup: what the server sets is taken
 * out, the namespace is mapped, and the marks of the restore are put on. Source of the rules: Velero's
 * `restoreItem` (pkg/restore/restore.go) and its built-in restore item actions. Changes the object it is given.
 */
export function cleanObject(
  type: ResourceType,
  object: KubernetesObject,
  context: { readonly spec: RestoreSpec; readonly marks: RestoreMarks },
): KubernetesObject {
  const { metadata } = object;
  for (const field of METADATA_DROPPED) {
    Reflect.deleteProperty(metadata, field);
  }
  delete object['status'];
  if (metadata.namespace !== undefined) {
    metadata.namespace = mappedNamespace(context.spec, metadata.namespace);
  }
  if (groupResource(type) === 'namespaces') {
    metadata.name = mappedNamespace(context.spec, metadata.name);
  }
  TYPE_RULES[groupResource(type)]?.(object, context.spec);
  const { marks } = context;
  metadata.labels = {
    ...metadata.labels,
    [BACKUP_LABEL]: marks.backupLabel,
    [RESTORE_LABEL]: marks.restoreLabel,
  };
  metadata.annotations = { ...metadata.annotations, [RESTORE_MARK]: `${marks.runUid}:created` };
  return object;
}

/** Why an object of the backup is not restored at all; undefined if it is. */
export function skipReason(type: ResourceType, object: KubernetesObject): string | undefined {
  return SKIP_RULES[groupResource(type)]?.(object);
}

type Fields = Record<string, unknown>;

const SKIP_RULES: Readonly<Record<string, (object: KubernetesObject) => string | undefined>> = {
  'jobs.batch': (job) =>
    fields(job['status'])['completionTime'] === undefined ? undefined : 'the job had completed',
  pods: (pod) => {
    if (pod.metadata.annotations?.['kubernetes.io/config.mirror'] !== undefined) {
      return 'the pod mirrors a static pod of a node';
    }
    const phase = fields(pod['status'])['phase'];
    return phase === 'Succeeded' || phase === 'Failed' ? 'the pod had ended' : undefined;
  },
  'apiservices.apiregistration.k8s.io': (service) =>
    service.metadata.labels?.['kube-aggregator.kubernetes.io/automanaged'] === undefined
      ? undefined
      : 'the API server makes it by itself',
  secrets: (secret) =>
    secret['type'] === 'kubernetes.io/service-account-token'
      ? 'the token of a service account is issued anew'
      : undefined,
  persistentvolumes: (volume) =>
    fields(volume['spec'])['persistentVolumeReclaimPolicy'] === 'Delete'
      ? 'the volume is provisioned anew for its claim'
      : undefined,
};

const TYPE_RULES: Readonly<Record<string, (object: KubernetesObject, spec: RestoreSpec) => void>> =
  {
    namespaces: (namespace) => {
      // The finalizer list of a namespace is the server's own.
      delete namespace['spec'];
    },
    pods: (pod) => {
      const spec = fields(pod['spec']);
      delete spec['nodeName'];
      delete spec['priority'];
      dropTokenVolumes(spec);
    },
    services: (service) => {
      cleanService(fields(service['spec']));
    },
    'jobs.batch': (job) => {
      const spec = fields(job['spec']);
      dropControllerUid(fields(fields(spec['selector'])['matchLabels']));
      dropControllerUid(fields(fields(fields(spec['template'])['metadata'])['labels']));
      dropControllerUid(job.metadata.labels ?? {});
    },
    persistentvolumeclaims: (claim) => {
      const annotations = claim.metadata.annotations ?? {};
      for (const name of CLAIM_ANNOTATIONS_DROPPED) {
        Reflect.deleteProperty(annotations, name);
      }
      delete fields(claim['spec'])['volumeName'];
    },
    persistentvolumes: (volume, spec) => {
      const claim = fields(fields(volume['spec'])['claimRef']);
      delete claim['uid'];
      delete claim['resourceVersion'];
      if (typeof claim['namespace'] === 'string') {
        claim['namespace'] = mappedNamespace(spec, claim['namespace']);
      }
    },
    serviceaccounts: (account) => {
      const prefix = `${account.metadata.name}-token-`;
      const secrets = account['secrets'];
      if (Array.isArray(secrets)) {
        account['secrets'] = secrets.filter((secret) => !nameOf(secret).startsWith(prefix));
      }
    },
    'rolebindings.rbac.authorization.k8s.io': mapSubjects,
    'clusterrolebindings.rbac.authorization.k8s.io': mapSubjects,
  };

const CLAIM_ANNOTATIONS_DROPPED = [
  ...['pv.kubernetes.io/bind-completed', 'pv.kubernetes.io/bound-by-controller'],
  ...['volume.beta.kubernetes.io/storage-provisioner', 'volume.kubernetes.io/storage-provisioner'],
  'volume.kubernetes.io/selected-node',
];

/** Node ports are kept where a user asked for them by `kubectl apply`; the next issue of the engine does that. */
function cleanService(spec: Fields): void {
  if (spec['clusterIP'] !== 'None') {
    delete spec['clusterIP'];
    delete spec['clusterIPs'];
  }
  delete spec['healthCheckNodePort'];
  for (const port of list(spec['ports'])) {
    delete fields(port)['nodePort'];
  }
}

function dropTokenVolumes(spec: Fields): void {
  // The projected volume of a service account's token is named so by the API server's admission.
  const isToken = (entry: unknown): boolean => nameOf(entry).startsWith('kube-api-access-');
  if (Array.isArray(spec['volumes'])) {
    spec['volumes'] = spec['volumes'].filter((volume) => !isToken(volume));
  }
  for (const container of [...list(spec['containers']), ...list(spec['initContainers'])]) {
    const mounts = fields(container)['volumeMounts'];
    if (Array.isArray(mounts)) {
      fields(container)['volumeMounts'] = mounts.filter((mount) => !isToken(mount));
    }
  }
}

function dropControllerUid(labels: Fields): void {
  delete labels['controller-uid'];
  delete labels['batch.kubernetes.io/controller-uid'];
}

function mapSubjects(binding: KubernetesObject, spec: RestoreSpec): void {
  for (const subject of list(binding['subjects']).map(fields)) {
    if (typeof subject['namespace'] === 'string') {
      subject['namespace'] = mappedNamespace(spec, subject['namespace']);
    }
  }
}

/** The fields of a value that should be an object; of anything else, none. */
function fields(value: unknown): Fields {
  return typeof value === 'object' && value !== null && !Array.isArray(value)
    ? (value as Fields)
    : {};
}

function list(value: unknown): unknown[] {
  return Array.isArray(value) ? value : [];
}

function nameOf(value: unknown): string {
  const name = fields(value)['name'];
  return typeof name === 'string' ? name : '';
}
