import { apiVersionOf, type ResourceType } from '../../domain/item.ts';

/** Path of a type's collection in the API server, or of one object of it. */
export function resourcePath(type: ResourceType, namespace: string, name?: string): string {
  const root = type.group === '' ? '/api' : '/apis';
  const scope = namespace === '' ? '' : `/namespaces/${encodeURIComponent(namespace)}`;
  const leaf = name === undefined ? '' : `/${encodeURIComponent(name)}`;
  return `${root}/${apiVersionOf(type)}${scope}/${type.resource}${leaf}`;
}
