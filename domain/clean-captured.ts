import { fields, list } from './fields.ts';
import { groupResource, type KubernetesObject, type ResourceType } from './item.ts';

/** Labels that a restore puts on what it makes; on a claim they would name the wrong backup. */
const RUN_LABELS = ['velero.io/backup-name', 'velero.io/restore-name'];
const VELERO_PREFIX = 'velero.io/';

/**
 * The object as a backup holds it, or undefined if nothing is taken out of it. A claim loses what ties it to this
 * cluster: see Velero's pkg/backup/actions/backup_pv_action.go (`velero.io/pv`).
 */
export function cleanCaptured(
  type: ResourceType,
  object: KubernetesObject,
): KubernetesObject | undefined {
  if (groupResource(type) !== 'persistentvolumeclaims') {
    return undefined;
  }
  const metadata = withoutRunLabels(object.metadata);
  const spec = fields(object['spec']);
  const isBound = fields(object['status'])['phase'] === 'Bound';
  const cleaned = isBound ? withoutSource(spec) : withoutVeleroSelector(spec);
  return metadata === object.metadata && cleaned === spec
    ? undefined
    : { ...object, metadata, spec: cleaned };
}

function withoutRunLabels(metadata: KubernetesObject['metadata']): KubernetesObject['metadata'] {
  const { labels } = metadata;
  if (labels === undefined || !RUN_LABELS.some((label) => label in labels)) {
    return metadata;
  }
  const kept = Object.entries(labels).filter(([label]) => !RUN_LABELS.includes(label));
  return { ...metadata, labels: Object.fromEntries(kept) };
}

/** A bound claim has its data: where it came from, and which volumes it would have taken, is over. */
function withoutSource(spec: Record<string, unknown>): Record<string, unknown> {
  // Without a storage class nothing provisions a volume: the selector is how the claim finds one.
  const isStatic = spec['storageClassName'] === '';
  const dropped = ['dataSource', 'dataSourceRef', ...(isStatic ? [] : ['selector'])];
  const kept = Object.entries(spec).filter(([field]) => !dropped.includes(field));
  return withoutVeleroSelector(
    kept.length === Object.keys(spec).length ? spec : Object.fromEntries(kept),
  );
}

/** The selector that Velero's restores put on claims whose data is on its way would keep the claim pending for ever. */
function withoutVeleroSelector(spec: Record<string, unknown>): Record<string, unknown> {
  const selector = fields(spec['selector']);
  const labels = fields(selector['matchLabels']);
  const kept = Object.entries(labels).filter(([label]) => !label.startsWith(VELERO_PREFIX));
  if (kept.length === Object.keys(labels).length) {
    return spec;
  }
  if (kept.length === 0 && list(selector['matchExpressions']).length === 0) {
    // Nothing is left to select by, and a selector of any kind keeps a claim from being provisioned.
    return Object.fromEntries(Object.entries(spec).filter(([field]) => field !== 'selector'));
  }
  return { ...spec, selector: { ...selector, matchLabels: Object.fromEntries(kept) } };
}
