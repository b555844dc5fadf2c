import { cleanService } from './clean-service.ts';
import { type Fields, fields, list, nameOf } from './fields.ts';
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

/** What the cleaning of an object depends on, besides the object. */
export interface CleanContext {
  readonly spec: RestoreSpec;
  readonly marks: RestoreMarks;
  /** Names of the persistent volumes that are restored as they were. */
  readonly keptVolumes: ReadonlySet<string>;
}

/**
 * Makes the object that is created in the cluster from the one in the backup: what the server sets is taken
 * out, the namespace is mapped, and the marks of the restore are put on. Source of the rules: Velero's
 * `restoreItem` (pkg/restore/restore.go) and its built-in restore item actions. Changes the object it is given.
 */
export function cleanObject(
  type: ResourceType,
  object: KubernetesObject,
  context: CleanContext,
): KubernetesObject {
  const { metadata } = object;
  // The rules of a type come first: some look at what is taken out below.
  TYPE_RULES[groupResource(type)]?.(object, context);
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
  // A service gets another address, and the API server takes away those that no service has.
  'ipaddresses.networking.k8s.io': ({ metadata }) =>
    metadata.labels?.['ipaddress.kubernetes.io/managed-by'] === 'ipallocator.k8s.io'
      ? 'the address of a service is allocated anew'
      : undefined,
  secrets: (secret) =>
    isTokenSecret(secret) && secret.metadata.name.startsWith(`${accountOf(secret)}-token-`)
      ? 'the token of a service account is issued anew'
      : undefined,
  persistentvolumes: (volume) =>
    fields(volume['spec'])['persistentVolumeReclaimPolicy'] === 'Delete'
      ? 'the volume is provisioned anew for its claim'
      : undefined,
};

type TypeRule = (object: KubernetesObject, context: CleanContext) => void;

const TYPE_RULES: Readonly<Record<string, TypeRule>> = {
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
  services: cleanService,
  secrets: dropToken,
  'jobs.batch': (job) => {
    const spec = fields(job['spec']);
    dropControllerUid(fields(fields(spec['selector'])['matchLabels']));
    dropControllerUid(fields(fields(fields(spec['template'])['metadata'])['labels']));
    dropControllerUid(job.metadata.labels ?? {});
  },
  persistentvolumeclaims: (claim, { keptVolumes }) => {
    dropAnnotations(claim, CLAIM_ANNOTATIONS_DROPPED);
    const spec = fields(claim['spec']);
    const volume = spec['volumeName'];
    // A claim whose volume comes back must wait for it: any other volume would be an empty one.
    if (typeof volume !== 'string' || !keptVolumes.has(volume)) {
      delete spec['volumeName'];
    }
  },
  persistentvolumes: (volume, { spec }) => {
    dropAnnotations(volume, BINDING_ANNOTATIONS);
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

const BINDING_ANNOTATIONS = [
  ...['pv.kubernetes.io/bind-completed', 'pv.kubernetes.io/bound-by-controller'],
];
const CLAIM_ANNOTATIONS_DROPPED = [
  ...BINDING_ANNOTATIONS,
  ...['volume.beta.kubernetes.io/storage-provisioner', 'volume.kubernetes.io/storage-provisioner'],
  'volume.kubernetes.io/selected-node',
];

const TOKEN_TYPE = 'kubernetes.io/service-account-token';
const ACCOUNT_NAME = 'kubernetes.io/service-account.name';
const ACCOUNT_UID = 'kubernetes.io/service-account.uid';
/** What the token controller fills in. */
const TOKEN_DATA = ['token', 'ca.crt', 'namespace'];

function isTokenSecret(secret: KubernetesObject): boolean {
  return secret['type'] === TOKEN_TYPE;
}

function accountOf({ metadata }: KubernetesObject): string {
  return metadata.annotations?.[ACCOUNT_NAME] ?? '';
}

/** A token secret that somebody made by hand comes back empty, and the token controller fills it for the new account. */
function dropToken(secret: KubernetesObject): void {
  if (!isTokenSecret(secret)) {
    return;
  }
  dropAnnotations(secret, [ACCOUNT_UID]);
  for (const key of TOKEN_DATA) {
    Reflect.deleteProperty(fields(secret['data']), key);
  }
}

function dropAnnotations({ metadata }: KubernetesObject, names: readonly string[]): void {
  for (const name of names) {
    Reflect.deleteProperty(metadata.annotations ?? {}, name);
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

function mapSubjects(binding: KubernetesObject, { spec }: CleanContext): void {
  for (const subject of list(binding['subjects']).map(fields)) {
    if (typeof subject['namespace'] === 'string') {
      subject['namespace'] = mappedNamespace(spec, subject['namespace']);
    }
  }
}
