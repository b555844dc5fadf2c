import { isMapping } from '../../domain/fields.ts';
import type { KubernetesObject } from '../../domain/item.ts';
import { isSecretValue, SECRET_MASK } from '../../domain/mask-secret.ts';

/** Values with fewer characters are masked only where they stand alone: they are parts of too many words. */
const SHORT_CHARS = 4;
/** Lines with fewer characters of a value with several are not looked for by themselves. */
const LINE_CHARS_MIN = 8;
const BASE64 = /^[A-Za-z0-9+/]+={0,2}$/;

/** What somebody says of Secrets, without what their values are: as they are, in base64, and as JSON has them. */
export function withoutSecretValues(text: string, secrets: readonly KubernetesObject[]): string {
  const values = new Set(secrets.flatMap((secret) => textsOf(secret, []).flatMap(formsOf)));
  // A value may be part of another one.
  const longestFirst = [...values].sort((a, b) => b.length - a.length);
  return longestFirst.reduce(masked, text);
}

/** The texts of an object that are values of a Secret, or may hold them. */
function textsOf(value: unknown, path: readonly string[]): string[] {
  if (typeof value === 'string') {
    return isSecretValue(path) ? [value] : [];
  }
  return isMapping(value)
    ? Object.entries(value).flatMap(([key, one]) => textsOf(one, [...path, key]))
    : [];
}

function formsOf(value: string): string[] {
  const raw = BASE64.test(value) ? Buffer.from(value, 'base64').toString() : undefined;
  const texts = raw === undefined ? [value] : [value, raw];
  return texts
    .flatMap((text) => [
      ...[text, JSON.stringify(text).slice(1, -1), Buffer.from(text).toString('base64')],
      ...text.split('\n').filter((line) => line.length >= LINE_CHARS_MIN),
    ])
    .map((form) => form.trim())
    .flatMap((form) => [form, form.replace(/={1,2}$/, '')])
    .filter((form) => form !== '');
}

function masked(text: string, value: string): string {
  if (value.length >= SHORT_CHARS) {
    return text.replaceAll(value, SECRET_MASK);
  }
  const pattern = value.replaceAll(/[^\w]/g, '\\$&');
  const alone = new RegExp(`(?<!\\w)${pattern}(?!\\w)`, 'g');
  return text.replace(alone, SECRET_MASK);
}
