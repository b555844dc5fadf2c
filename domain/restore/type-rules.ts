import { type Fields, fields, list, nameOf } from '../fields.ts';
import { groupResource, type KubernetesObject, type ResourceType } from '../item.ts';
import { mappedNamespace, type RestoreSpec } from '../restore.ts';
import { cleanPod } from './clean-pod.ts';
import { cleanService } from './clean-service.ts';
import { dropToken } from './token-secret.ts';

/** What the rules of a type look at besides the object. */
export interface RuleContext {
  readonly spec: RestoreSpec;
  /** Names of the persistent volumes that are restored as they were. */
  readonly keptVolumes: ReadonlySet<string>;
}

type TypeRule = (object: KubernetesObject, context: RuleContext) => void;

/** Applies the rules of an object's type, which are Velero's built-in restore item actions. Changes the object. */
export function applyTypeRules(
  type: ResourceType,
  object: KubernetesObject,
  context: RuleContext,
): void {
  TYPE_RULES[groupResource(type)]?.(object, context);
}

const TYPE_RULES: Readonly<Record<string, TypeRule>> = {
  namespaces: dropOwnFinalizer,
  pods: cleanPod,
  services: (service, { spec }) => {
    cleanService(service, spec.preserveNodePorts === true);
  },
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
    mapNamespace(claim, spec);
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
  'customresourcedefinitions.apiextensions.k8s.io': preserveUnknownFields,
  'mutatingwebhookconfigurations.admissionregistration.k8s.io': allowSideEffects,
  'validatingwebhookconfigurations.admissionregistration.k8s.io': allowSideEffects,
};

const BINDING_ANNOTATIONS = [
  ...['pv.kubernetes.io/bind-completed', 'pv.kubernetes.io/bound-by-controller'],
];
const CLAIM_ANNOTATIONS_DROPPED = [
  ...BINDING_ANNOTATIONS,
  ...['volume.beta.kubernetes.io/storage-provisioner', 'volume.kubernetes.io/storage-provisioner'],
  ...['volume.kubernetes.io/selected-node'],
  ...['velero.io/volume-snapshot-name', 'velero.io/data-upload-name'],
];

/** The server gives every namespace this one; with others the list is what somebody asked for. */
function dropOwnFinalizer(namespace: KubernetesObject): void {
  const finalizers = list(fields(namespace['spec'])['finalizers']);
  if (finalizers.every((one) => one === 'kubernetes')) {
    delete namespace['spec'];
  }
}

/** A v1 definition cannot keep unknown fields as a whole; its schemas can. */
function preserveUnknownFields(definition: KubernetesObject): void {
  const spec = fields(definition['spec']);
  if (
    definition.apiVersion !== 'apiextensions.k8s.io/v1' ||
    spec['preserveUnknownFields'] !== true
  ) {
    return;
  }
  delete spec['preserveUnknownFields'];
  for (const version of list(spec['versions'])) {
    const schema = fields(fields(version)['schema'])['openAPIV3Schema'];
    if (schema !== undefined) {
      fields(schema)['x-kubernetes-preserve-unknown-fields'] = true;
    }
  }
}

/** What v1beta1 allowed to be unknown is refused in v1. */
function allowSideEffects(configuration: KubernetesObject): void {
  if (configuration.apiVersion !== 'admissionregistration.k8s.io/v1') {
    return;
  }
  for (const webhook of list(configuration['webhooks']).map(fields)) {
    if (webhook['sideEffects'] !== 'None' && webhook['sideEffects'] !== 'NoneOnDryRun') {
      webhook['sideEffects'] = 'None';
    }
  }
}

function dropAnnotations({ metadata }: KubernetesObject, names: readonly string[]): void {
  for (const name of names) {
    Reflect.deleteProperty(metadata.annotations ?? {}, name);
  }
}

function dropControllerUid(labels: Fields): void {
  delete labels['controller-uid'];
  delete labels['batch.kubernetes.io/controller-uid'];
}

function mapSubjects(binding: KubernetesObject, { spec }: RuleContext): void {
  for (const subject of list(binding['subjects']).map(fields)) {
    mapNamespace(subject, spec);
  }
}

function mapNamespace(reference: Fields, spec: RestoreSpec): void {
  if (typeof reference['namespace'] === 'string') {
    reference['namespace'] = mappedNamespace(spec, reference['namespace']);
  }
}
