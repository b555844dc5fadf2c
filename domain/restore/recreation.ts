import { fields } from '../fields.ts';
import { groupResource, type ResourceType } from '../item.ts';
import { type LabelSelector, matchesLabels } from '../selection/label-selector.ts';
import type { Existing } from './existing-decision.ts';

/** What becomes of what an object owns when it is deleted: it goes too, or it stays and is owned by nobody. */
export type Propagation = 'Background' | 'Orphan';

/** Types whose deletion would take data or other objects along. */
const NEVER_RECREATED: ReadonlySet<string> = new Set([
  ...['namespaces', 'persistentvolumes', 'persistentvolumeclaims'],
  'customresourcedefinitions.apiextensions.k8s.io',
]);
/** Types whose controllers take over what their selector finds. */
const WITH_SELECTOR: ReadonlySet<string> = new Set([
  ...['deployments.apps', 'replicasets.apps', 'statefulsets.apps', 'daemonsets.apps'],
  'replicationcontrollers',
]);
/** Types whose new object has no use for what the old one owned, which would stay in its way. */
const WITHOUT_HEIRS: ReadonlySet<string> = new Set(['jobs.batch', 'pods', 'services']);

/** Why an object is not made anew even where that was asked for; undefined if it is. */
export function whyNotRecreated(existing: Existing): string | undefined {
  if (NEVER_RECREATED.has(groupResource(existing.type))) {
    return 'objects of this type are never deleted, because data would go with them';
  }
  return propagationOf(existing) === 'Background' && ownsClaims(existing)
    ? 'it is not deleted, because the claims of its pods would go with it'
    : undefined;
}

/**
 * How an object is deleted that is made anew. What it owns stays, since it may hold data, and the new one is to find it;
 * what the new one could not take over, and its controller makes by itself, goes.
 */
export function propagationOf({ type, live, wanted }: Existing): Propagation {
  const name = groupResource(type);
  if (WITH_SELECTOR.has(name)) {
    const template = fields(fields(live['spec'])['template']);
    // The API server takes only labels that are texts.
    const labels = fields(fields(template['metadata'])['labels']) as Record<string, string>;
    return matchesLabels(selectorOf(type, fields(wanted['spec'])['selector']), labels)
      ? 'Orphan'
      : 'Background';
  }
  return WITHOUT_HEIRS.has(name) ? 'Background' : 'Orphan';
}

function selectorOf(type: ResourceType, selector: unknown): LabelSelector {
  // An object that the API server would not take is refused before anything is deleted.
  return type.group === ''
    ? { matchLabels: fields(selector) as Record<string, string> }
    : fields(selector);
}

/** Whether a StatefulSet is set up to take the claims of its pods along. */
function ownsClaims({ type, live }: Existing): boolean {
  const retention = fields(fields(live['spec'])['persistentVolumeClaimRetentionPolicy']);
  return groupResource(type) === 'statefulsets.apps' && retention['whenDeleted'] === 'Delete';
}
