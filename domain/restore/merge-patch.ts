import { type Fields, fields, isBlank, isMapping, list } from '../fields.ts';
import type { KubernetesObject } from '../item.ts';
import { RESTORE_MARK } from './clean-object.ts';
import { DATA_MARK } from './data-mark.ts';
import { isSameValue } from './json-value.ts';

/** Fields beside `metadata` that no update writes. */
const SET_ASIDE: ReadonlySet<string> = new Set(['metadata', 'status', 'apiVersion', 'kind']);
/** Labels and annotations of restores, which say nothing about whether objects differ. */
const MARKS: ReadonlySet<string> = new Set([
  ...[RESTORE_MARK, DATA_MARK, 'velero.io/backup-name', 'velero.io/restore-name'],
]);
/**
 * The JSON merge patch that makes of the live object what is wanted, without marks; undefined if nothing differs. The
 * live object is given as `comparableObject` makes it. A field that only the live object has is removed, as in Velero;
 * whether the server then puts it back, because it is a default, is the server's to say.
 */
export function updatePatch(live: KubernetesObject, wanted: KubernetesObject): Fields | undefined {
  const content = difference(contentOf(live), contentOf(wanted)) ?? {};
  const metadata: Fields = {};
  for (const field of ['labels', 'annotations'] as const) {
    const change = difference(
      ownWords(live.metadata[field], wanted.metadata[field]),
      ownWords(wanted.metadata[field], wanted.metadata[field]),
    );
    if (change !== undefined) {
      metadata[field] = change;
    }
  }
  const patch = isBlank(metadata) ? content : { ...content, metadata };
  return isBlank(patch) ? undefined : patch;
}

/**
 * What an account of the backup adds to the live one: Velero merges these whatever the policy, and where both have a
 * value the cluster's stays.
 */
export function accountPatch(live: KubernetesObject, wanted: KubernetesObject): Fields | undefined {
  const patch: Fields = {};
  for (const field of ['secrets', 'imagePullSecrets']) {
    const present = list(live[field]).map(fields);
    const names = new Set(present.map(({ name }) => name));
    const missing = list(wanted[field])
      .map(fields)
      .filter(({ name }) => !names.has(name));
    if (missing.length > 0) {
      patch[field] = [...present, ...missing];
    }
  }
  const metadata: Fields = {};
  for (const field of ['labels', 'annotations'] as const) {
    const present = live.metadata[field] ?? {};
    const missing = Object.entries(wanted.metadata[field] ?? {}).filter(
      ([key]) => !MARKS.has(key) && !Object.hasOwn(present, key),
    );
    if (missing.length > 0) {
      metadata[field] = Object.fromEntries(missing);
    }
  }
  const whole = isBlank(metadata) ? patch : { ...patch, metadata };
  return isBlank(whole) ? undefined : whole;
}

/** Whether a label or annotation is a restore's own, and says nothing of the object. */
export function isMark(key: string): boolean {
  return MARKS.has(key);
}

/** A patch with the labels and annotations of the restore in it. */
export function withMarks(patch: Fields, { metadata }: KubernetesObject, mark: string): Fields {
  const changed = fields(patch['metadata']);
  const labels = Object.entries(metadata.labels ?? {}).filter(([key]) => MARKS.has(key));
  return {
    ...patch,
    metadata: {
      ...changed,
      labels: { ...fields(changed['labels']), ...Object.fromEntries(labels) },
      annotations: { ...fields(changed['annotations']), [RESTORE_MARK]: mark },
    },
  };
}

function contentOf(object: KubernetesObject): Fields {
  return Object.fromEntries(Object.entries(object).filter(([field]) => !SET_ASIDE.has(field)));
}

/** Labels or annotations without marks, and without what a controller of Kubernetes has put there meanwhile. */
function ownWords(words: Record<string, string> = {}, wanted: Record<string, string> = {}): Fields {
  const isOwn = (key: string): boolean =>
    !MARKS.has(key) && (Object.hasOwn(wanted, key) || !/(^|\.)(kubernetes|k8s)\.io\//.test(key));
  return Object.fromEntries(Object.entries(words).filter(([key]) => isOwn(key)));
}

function difference(live: Fields, wanted: Fields): Fields | undefined {
  // In a map: a key may be `__proto__`, which an assignment would lose.
  const patch = new Map<string, unknown>();
  for (const key of Object.keys(live).filter((one) => !Object.hasOwn(wanted, one))) {
    patch.set(key, null);
  }
  for (const [key, value] of Object.entries(wanted)) {
    const present = Object.hasOwn(live, key) ? live[key] : undefined;
    if (isMapping(value) && isMapping(present)) {
      const inner = difference(present, value);
      if (inner !== undefined) {
        patch.set(key, inner);
      }
    } else if (!isSameValue(present, value)) {
      patch.set(key, value);
    }
  }
  return patch.size === 0 ? undefined : Object.fromEntries(patch);
}
