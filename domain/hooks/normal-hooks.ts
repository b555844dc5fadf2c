import { isBlank } from '../fields.ts';
import { normalNames, normalSelector, withoutBlanks } from '../normal-filters.ts';
import type { BackupHooks, HookFilter, RestoreHooks } from './hook-spec.ts';

const NAME_LISTS = [
  'includedNamespaces',
  'excludedNamespaces',
  'includedResources',
  'excludedResources',
] as const satisfies readonly (keyof HookFilter)[];

/** The field `hooks` of a spec, so that equal requests are equal; no field where there are none. */
export function hooksField<Hooks extends BackupHooks | RestoreHooks>(
  hooks: Hooks | undefined,
): { readonly hooks?: Hooks } {
  const normal = hooks && withoutBlanks<object>({ ...hooks, resources: normalResources(hooks) });
  // Hooks without what says nothing are hooks of the same kind.
  return isBlank(normal) ? {} : { hooks: normal as Hooks };
}

/** The order of the hooks is the order in which they are run. */
function normalResources({ resources = [] }: BackupHooks | RestoreHooks): HookFilter[] {
  return resources.map((resource) => {
    const lists = NAME_LISTS.map((field) => [field, normalNames(resource[field] ?? [])] as const);
    const { labelSelector } = resource;
    return withoutBlanks<HookFilter>({
      ...resource,
      ...Object.fromEntries(lists),
      labelSelector: labelSelector && normalSelector(labelSelector),
    });
  });
}
