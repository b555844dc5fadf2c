import { fields, list } from '../fields.ts';
import {
  groupResource,
  itemOf,
  itemText,
  type KubernetesObject,
  type ResourceType,
} from '../item.ts';
import { mappedNamespace, type RestoreSpec, type RestoreVerb } from '../restore.ts';

/** Labels of a restored object, as Velero sets them, and our own mark. */
const BACKUP_LABEL = 'velero.io/backup-name';
export const RESTORE_LABEL = 'velero.io/restore-name';
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
 * Takes out what the server sets and what a new object cannot have, as Velero's `resetMetadataAndStatus` does.
 * Finalizers stay. Changes the object.
 */
export function dropServerFields(object: KubernetesObject): void {
  for (const field of METADATA_DROPPED) {
    Reflect.deleteProperty(object.metadata, field);
  }
  delete object['status'];
}

/** Names the namespace that an object is restored into, which may be the object itself. Changes the object. */
export function toTarget(
  type: ResourceType,
  { metadata }: KubernetesObject,
  spec: RestoreSpec,
): void {
  if (metadata.namespace !== undefined) {
    metadata.namespace = mappedNamespace(spec, metadata.namespace);
  }
  if (groupResource(type) === 'namespaces') {
    metadata.name = mappedNamespace(spec, metadata.name);
  }
}

/**
 * Puts the marks of a restore on an object: Velero's two labels, in the place of those of an earlier restore, and the
 * annotation by which another attempt of the restore knows what was done. Changes the object.
 */
export function markObject(
  type: ResourceType,
  object: KubernetesObject,
  { backupLabel, restoreLabel, runUid }: RestoreMarks,
): void {
  const { metadata } = object;
  metadata.labels = {
    ...metadata.labels,
    [BACKUP_LABEL]: backupLabel,
    [RESTORE_LABEL]: restoreLabel,
  };
  const mark = markOf(type, object, { runUid, verb: 'created' });
  metadata.annotations = { ...metadata.annotations, [RESTORE_MARK]: mark };
}

/** What a restore did to an object; `creating` and `recreating` while the object still lacks its status. */
interface Deed {
  readonly runUid: string;
  readonly verb: RestoreVerb | 'creating' | 'recreating';
}

/**
 * The mark of an object, `<uid>:created:configmaps/shop/settings`. It names the object, since people copy objects and
 * controllers copy annotations to what they make, and a copy is not the restore's work.
 */
export function markOf(
  type: ResourceType,
  object: KubernetesObject,
  { runUid, verb }: Deed,
): string {
  return `${runUid}:${verb}:${itemText(itemOf(type, object))}`;
}

/** Whether the mark of an object is its own, and says this. */
export function hasMark(type: ResourceType, object: KubernetesObject, deed: Deed): boolean {
  return object.metadata.annotations?.[RESTORE_MARK] === markOf(type, object, deed);
}

/** An object that is marked as created, marked as one that is made anew. */
export function markedAnew(
  type: ResourceType,
  object: KubernetesObject,
  runUid: string,
): KubernetesObject {
  const lacksStatus = hasMark(type, object, { runUid, verb: 'creating' });
  return markedAs(type, object, { runUid, verb: lacksStatus ? 'recreating' : 'recreated' });
}

/** A marked object with another verb in its mark. */
export function markedAs(
  type: ResourceType,
  object: KubernetesObject,
  deed: Deed,
): KubernetesObject {
  const { metadata } = object;
  const annotations = { ...metadata.annotations, [RESTORE_MARK]: markOf(type, object, deed) };
  return { ...object, metadata: { ...metadata, annotations } };
}

/**
 * The managed fields that are given back to an object after it was created, so that server-side appliers find what
 * is theirs; undefined where nobody applied it so, and the extra request would change nothing that matters.
 */
export function managedFieldsToRestore({ metadata }: KubernetesObject): unknown[] | undefined {
  const entries = list(metadata['managedFields']);
  return entries.some((entry) => fields(entry)['operation'] === 'Apply') ? entries : undefined;
}

/**
 * Whether the managed fields of an object are still those of its creation, and were not replaced by the given ones:
 * an entry that is not among these owns the mark.
 */
export function hasFieldsOfCreation(
  { metadata }: KubernetesObject,
  given: readonly unknown[],
): boolean {
  const times = new Set(given.map((entry) => fields(entry)['time']));
  return list(metadata['managedFields'])
    .map(fields)
    .some(({ fieldsV1, time }) => {
      const annotations = fields(fields(fields(fieldsV1)['f:metadata'])['f:annotations']);
      return Object.hasOwn(annotations, `f:${RESTORE_MARK}`) && !times.has(time);
    });
}
