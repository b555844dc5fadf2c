import { fields } from './fields.ts';
import type { KubernetesObject } from './item.ts';

/** What stands where a value of a Secret was. */
const SECRET_MASK = '***';
/** kubectl keeps the whole object as it was applied in here, values included. */
const LAST_APPLIED = 'kubectl.kubernetes.io/last-applied-configuration';

/** Whether the objects of a type are Secrets. */
export function isSecretType({ group, resource }: { group: string; resource: string }): boolean {
  return group === '' && resource === 'secrets';
}

/** The JSON of an object of a type: of a Secret without its values, of anything else as it is. */
export function maskedJson(type: { group: string; resource: string }, json: string): string {
  // The text was written for an object of this type.
  return isSecretType(type)
    ? JSON.stringify(maskSecret(JSON.parse(json) as KubernetesObject))
    : json;
}

/** Every key stays, and no value does. */
function maskSecret(secret: KubernetesObject): KubernetesObject {
  const { metadata } = secret;
  const annotations = fields(metadata.annotations);
  return {
    ...secret,
    ...maskedField(secret, 'data'),
    ...maskedField(secret, 'stringData'),
    metadata: Object.hasOwn(annotations, LAST_APPLIED)
      ? { ...metadata, annotations: { ...metadata.annotations, [LAST_APPLIED]: SECRET_MASK } }
      : metadata,
  };
}

/** The field stays in its place among the others, because it is one of them. */
function maskedField(secret: KubernetesObject, name: string): Record<string, unknown> {
  const value = secret[name];
  if (value === undefined || value === null) {
    return {};
  }
  const keys = Object.keys(fields(value));
  // Whatever is no object is masked as a whole. A key may be `__proto__`, which an assignment would lose.
  const isMap = typeof value === 'object' && !Array.isArray(value);
  return {
    [name]: isMap ? Object.fromEntries(keys.map((key) => [key, SECRET_MASK])) : SECRET_MASK,
  };
}
