import { fields } from '../fields.ts';
import type { KubernetesObject } from '../item.ts';

const TOKEN_TYPE = 'kubernetes.io/service-account-token';
const ACCOUNT_NAME = 'kubernetes.io/service-account.name';
export const ACCOUNT_UID = 'kubernetes.io/service-account.uid';
/** What the token controller fills in. */
const TOKEN_DATA = ['token', 'ca.crt', 'namespace'];

/** Whether a secret holds the token of a service account. */
export function isTokenSecret(secret: KubernetesObject): boolean {
  return secret['type'] === TOKEN_TYPE;
}

/** The name of the account that a token secret is for. */
export function accountOf({ metadata }: KubernetesObject): string {
  return metadata.annotations?.[ACCOUNT_NAME] ?? '';
}

/** A token secret that somebody made by hand comes back empty, and the token controller fills it for the new account. */
export function dropToken(secret: KubernetesObject): void {
  if (!isTokenSecret(secret)) {
    return;
  }
  Reflect.deleteProperty(secret.metadata.annotations ?? {}, ACCOUNT_UID);
  for (const key of TOKEN_DATA) {
    Reflect.deleteProperty(fields(secret['data']), key);
  }
}
