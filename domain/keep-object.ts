import type { KeepRule } from './export-plan.ts';
import type { KubernetesObject } from './item.ts';

/** What a rule needs to know beside the object. */
export interface KeepContext {
  /** The namespaces whose objects are taken. */
  readonly namespaces: ReadonlySet<string>;
  /** Types that have objects, as `resource.group`. */
  readonly presentTypes: ReadonlySet<string>;
}

type Decision = (object: KubernetesObject, context: KeepContext) => boolean;

const RULES = {
  all: () => true,
  // A namespace that is being deleted, or came after the plan, is not in the set, and neither are its objects.
  inSelection: ({ metadata }, { namespaces }) => namespaces.has(metadata.namespace ?? ''),
  selectedNamespaces: ({ metadata }, { namespaces }) => namespaces.has(metadata.name),
  boundVolumes: (object, { namespaces }) => {
    const namespace = claimNamespace(object);
    return namespace !== undefined && namespaces.has(namespace);
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
