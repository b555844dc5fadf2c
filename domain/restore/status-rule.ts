import type { FailureReport, FieldError } from '../failure.ts';
import { groupResource, type KubernetesObject, type ResourceType } from '../item.ts';
import type { RestoreStatusSpec } from '../restore.ts';
import { resolveName } from '../selection/resource-names.ts';
import { OLD_LISTS, TypeListReader } from '../selection/type-lists.ts';
import { shortErrors } from '../short-list.ts';
import { type NamedAmong, withNames } from './restore-types.ts';

const STATUS_ANNOTATION = 'velero.io/restore-status';
const ROOT = '/spec/restoreStatus';

export type StatusTypesAnswer =
  /** Types as `resource.group`, in order. */
  { readonly statusTypes: readonly string[] } | { readonly refusal: FailureReport };

/**
 * Whether the status of an object is restored too: its annotation decides where it says `true` or `false`, and otherwise
 * its type, as in Velero.
 */
export function isStatusRestored(
  type: ResourceType,
  { metadata }: KubernetesObject,
  statusTypes: readonly string[],
): boolean {
  const said = metadata.annotations?.[STATUS_ANNOTATION]?.trim().toLowerCase();
  return said === 'true' || (said !== 'false' && statusTypes.includes(groupResource(type)));
}

/**
 * The types of the backup whose status a request wants: those that it includes, and all where it names none, without
 * those that it excludes. A name that neither backup nor cluster knows is refused where it is included.
 */
export function readStatusTypes(
  asked: RestoreStatusSpec | undefined,
  { held, served, failedGroups }: NamedAmong,
): StatusTypesAnswer {
  if (asked === undefined) {
    return { statusTypes: [] };
  }
  const reader = new TypeListReader(failedGroups);
  const types = held.map((type) => withNames(type, served));
  const { included, excluded } = reader.read({ lists: asked, root: ROOT }, OLD_LISTS, types);
  const errors = reader.unknown
    .filter(({ name }) => resolveName(name, served) === undefined)
    .map(({ pointer, name }): FieldError => {
      const detail = `${pointer} names ${name}, which neither the cluster nor the backup knows`;
      return { pointer, code: 'type-not-found', detail };
    });
  const [first] = errors;
  if (first !== undefined) {
    const subject = 'spec.restoreStatus.includedResources';
    return {
      refusal: { code: first.code, message: first.detail, subject, errors: shortErrors(errors) },
    };
  }
  const all = included ?? new Set(types.map(groupResource));
  return { statusTypes: [...all].filter((type) => !excluded.has(type)).sort() };
}
