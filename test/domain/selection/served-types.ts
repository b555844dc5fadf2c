import type { ServedType } from '../../../domain/item.ts';

/** A type as discovery tells of it, by its name: `deployments.apps`. */
export function served(groupResource: string, more: Partial<ServedType> = {}): ServedType {
  const [resource = '', ...group] = groupResource.split('.');
  return {
    ...{ group: group.join('.'), version: 'v1', resource, kind: '', isNamespaced: true },
    ...{ singular: '', shortNames: [] },
    ...more,
  };
}
