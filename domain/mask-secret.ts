import { type Fields, isMapping } from './fields.ts';
import type { KubernetesObject } from './item.ts';

/** What stands where a value of a Secret was. */
export const SECRET_MASK = '***';
/** Annotations whose values are shown. Tools keep whole objects in others, values included: kubectl, kapp, Rancher. */
const SHOWN_ANNOTATIONS: ReadonlySet<string> = new Set([
  'kubernetes.io/service-account.name',
  'kubernetes.io/service-account.uid',
]);
/** What keys of such annotations begin with. */
const SHOWN_PREFIXES = [
  ...['meta.helm.sh/', 'helm.sh/', 'app.kubernetes.io/'],
  ...['velero.io/', 'backup.velero.io/', 'holdfast.dev/'],
];

/** Whether the objects of a type are Secrets. */
export function isSecretType({ group, resource }: { group: string; resource: string }): boolean {
  return group === '' && resource === 'secrets';
}

/** Whether the field of a Secret at a path, key by key, is a value of it or may hold one. */
export function isSecretValue([first, second, key]: readonly string[]): boolean {
  if (first !== 'metadata') {
    return first === undefined || first === 'data' || first === 'stringData';
  }
  const isAnnotation = second === undefined || second === 'annotations';
  return isAnnotation && (key === undefined || !isShownAnnotation(key));
}

/** The JSON of an object of a type: of a Secret without its values, of anything else as it is. */
export function maskedJson(type: { group: string; resource: string }, json: string): string {
  // The text was written for an object of this type.
  return isSecretType(type)
    ? JSON.stringify(maskSecret(JSON.parse(json) as KubernetesObject))
    : json;
}

/** Every key stays, and no value does, but for annotations that hold none of the content. */
function maskSecret(secret: KubernetesObject): KubernetesObject {
  const { metadata } = secret;
  return {
    ...secret,
    ...maskedField(secret, 'data'),
    ...maskedField(secret, 'stringData'),
    metadata: { ...metadata, ...maskedField(metadata, 'annotations', isShownAnnotation) },
  };
}

function isShownAnnotation(key: string): boolean {
  return SHOWN_ANNOTATIONS.has(key) || SHOWN_PREFIXES.some((prefix) => key.startsWith(prefix));
}

/** The field stays in its place among the others, because it is one of them. */
function maskedField(
  owner: Fields,
  name: string,
  isShown: (key: string) => boolean = () => false,
): Record<string, unknown> {
  const value = owner[name];
  if (value === undefined || value === null) {
    return {};
  }
  // Whatever is no object is masked as a whole. A key may be `__proto__`, which an assignment would lose.
  return {
    [name]: isMapping(value)
      ? Object.fromEntries(
          Object.entries(value).map(([key, one]) => [key, isShown(key) ? one : SECRET_MASK]),
        )
      : SECRET_MASK,
  };
}
