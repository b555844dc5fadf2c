import { copyOf } from '../exact-number.ts';
import { takeOutInitHooks } from '../hooks/init-hooks.ts';
import { groupResource, type KubernetesObject, type ResourceType } from '../item.ts';
import {
  dropServerFields,
  managedFieldsToRestore,
  markedAs,
  markObject,
  type RestoreMarks,
  toTarget,
} from './clean-object.ts';
import { mapImages } from './image-mapping.ts';
import { applyModifiers } from './modifiers/apply-modifiers.ts';
import type { RestoreRules } from './restore-rules.ts';
import { skipReason } from './skip-rules.ts';
import { isStatusRestored } from './status-rule.ts';
import { mapStorageClass } from './storage-class-mapping.ts';
import { applyTypeRules, type RuleContext } from './type-rules.ts';

/** What decides about an object besides what the backup has of it. */
export interface WantedContext extends RuleContext {
  readonly rules: RestoreRules;
  readonly marks: RestoreMarks;
}

/** What a restore makes of an object of the backup. */
export type Wanted =
  | { readonly kind: 'skip'; readonly reason: string }
  /** What the request asks for cannot be done to it, and anything else would not be what was asked for. */
  | { readonly kind: 'failed'; readonly reason: string }
  | WantedObject;

export interface WantedObject {
  readonly kind: 'wanted';
  /** What is created, marked as created, or as being created if its status is to follow. */
  readonly object: KubernetesObject;
  /** What its status is to be; left out where nobody asked for it. */
  readonly status?: unknown;
  /** What its managed fields are to be; left out where that does not matter. */
  readonly managedFields?: readonly unknown[];
}

/**
 * What a restore, or its dry run, asks of the cluster for one object of the backup, which is not changed. The order is
 * that of Velero's `restoreItem` (pkg/restore/restore.go): what is skipped, the rules of its type, mappings, resource
 * modifiers, namespace, marks. The init containers of hooks come when a pod is created: one that is there needs none.
 */
export function wantedObject(
  type: ResourceType,
  stored: KubernetesObject,
  context: WantedContext,
): Wanted {
  const reason = skipReason(type, stored);
  if (reason !== undefined) {
    return { kind: 'skip', reason };
  }
  const { rules, spec, marks } = context;
  const draft = copyOf(stored);
  // The rules of a type come first: some look at what is taken out below.
  applyTypeRules(type, draft, context);
  dropServerFields(draft);
  mapStorageClass(type, draft, rules.storageClassMapping);
  mapImages(type, draft, rules.imageMapping);
  const modified = applyModifiers(type, draft, rules);
  if ('fault' in modified) {
    return { kind: 'failed', reason: modified.fault };
  }
  const { object } = modified;
  toTarget(type, object, spec);
  const [bad] = groupResource(type) === 'pods' ? takeOutInitHooks(object, spec.hooks).faults : [];
  if (bad !== undefined) {
    return {
      kind: 'failed',
      reason: `hook-failed: an init container cannot be added: ${bad.fault}`,
    };
  }
  markObject(type, object, marks);
  const { status } = stored;
  const hasStatus = status !== undefined && isStatusRestored(type, object, rules.statusTypes);
  const managedFields = managedFieldsToRestore(stored);
  return {
    kind: 'wanted',
    ...(hasStatus
      ? { object: markedAs(type, object, { ...marks, verb: 'creating' }), status }
      : { object }),
    ...(managedFields === undefined ? {} : { managedFields }),
  };
}
