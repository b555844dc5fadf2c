import { type Fields, fields, list } from '../fields.ts';
import { groupResource, type KubernetesObject, type ResourceType } from '../item.ts';

const BETA_ANNOTATION = 'volume.beta.kubernetes.io/storage-class';

/** Types whose objects name storage classes. */
export const CLASSED_TYPES: ReadonlySet<string> = new Set([
  ...['persistentvolumes', 'persistentvolumeclaims', 'statefulsets.apps'],
]);

type Mapping = Readonly<Record<string, string>>;

/**
 * Names the storage class that stands in the cluster for the one of the backup, in volumes, claims, and the claims that
 * a stateful set makes. Source of the rule: Velero's change_storageclass_action.go, which forgets the older annotation.
 * Changes the object.
 */
export function mapStorageClass(
  type: ResourceType,
  object: KubernetesObject,
  mapping: Mapping,
): void {
  switch (groupResource(type)) {
    case 'persistentvolumes':
    case 'persistentvolumeclaims':
      mapClassOf(object, mapping);
      break;
    case 'statefulsets.apps':
      for (const template of list(fields(object['spec'])['volumeClaimTemplates'])) {
        mapClassOf(fields(template), mapping);
      }
      break;
  }
}

function mapClassOf(volume: Fields, mapping: Mapping): void {
  mapField(fields(volume['spec']), 'storageClassName', mapping);
  mapField(fields(fields(volume['metadata'])['annotations']), BETA_ANNOTATION, mapping);
}

function mapField(holder: Fields, field: string, mapping: Mapping): void {
  const name = holder[field];
  // A class may have the name of something that every object inherits.
  if (typeof name === 'string' && Object.hasOwn(mapping, name)) {
    holder[field] = mapping[name];
  }
}
