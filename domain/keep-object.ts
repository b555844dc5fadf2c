import { type BackupSpec, isNamespaceSelected } from './backup.ts';
import type { KeepRule } from './export-plan.ts';
import type { KubernetesObject } from './item.ts';

/** What a rule needs to know beside the object. */
export interface KeepContext {
  readonly spec: BackupSpec;
  /** Types that have objects, as `resource.group`. */
  readonly presentTypes: ReadonlySet<string>;
}

type Decision = (object: KubernetesObject, context: KeepContext) => boolean;

const RULES = {
  all: () => true,
  inSelection: (object, { spec }) => isNamespaceSelected(spec, object.metadata.namespace ?? ''),
  selectedNamespaces: (object, { spec }) => isNamespaceSelected(spec, object.metadata.name),
  boundVolumes: (object, { spec }) => {
    const namespace = claimNamespace(object);
    return namespace !== undefined && isNamespaceSelected(spec, namespace);
  },
  // The name of a definition is `<plural>.<group>`, by the API server's own rule.
  definitions: (object, { presentTypes }) => presentTypes.has(object.metadata.name),
} as const satisfies Record<KeepRule, Decision>;

/** Whether a listed object goes into the backup. Objects that are being deleted do not, as in Velero. */
export function isKept(rule: KeepRule, object: KubernetesObject, context: KeepContext): boolean {
  return object.metadata.deletionTimestamp === undefined && RULES[rule](object, context);
}

function claimNamespace(volume: KubernetesObject): string | undefined {
  const spec = volume['spec'] as { claimRef?: { namespace?: string } } | undefined;
  return spec?.claimRef?.namespace;
}
