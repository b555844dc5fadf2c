import { groupResource, type ItemReference } from './item.ts';

/**
 * Names inside a backup's tarball, format 1.1.0. Source: Velero's pkg/archive/parser.go; see docs/format.md.
 */
export const FORMAT_VERSION = '1.1.0';
/** The first entry of every tarball, and its content. */
export const VERSION_ENTRY = { name: 'metadata/version', body: `${FORMAT_VERSION}\n` } as const;
/** Mode of every entry. */
export const ENTRY_MODE = 0o755;

/** `resources/configmaps/namespaces/shop/settings.json`: the entry that a restore reads. */
export function entryName(item: ItemReference): string {
  return `resources/${groupResource(item)}/${scopePath(item)}`;
}

/** `resources/configmaps/v1-preferredversion/namespaces/shop/settings.json`: the same object once more. */
export function preferredEntryName(item: ItemReference, version: string): string {
  return `resources/${groupResource(item)}/${version}-preferredversion/${scopePath(item)}`;
}

/**
 * `resources/deployments.apps/v1beta1/namespaces/shop/web.json`: the object in another version than the preferred one.
 * Velero's `EnableAPIGroupVersions`.
 */
export function otherVersionEntryName(item: ItemReference, version: string): string {
  return `resources/${groupResource(item)}/${version}/${scopePath(item)}`;
}

function scopePath(item: ItemReference): string {
  return item.namespace === ''
    ? `cluster/${item.name}.json`
    : `namespaces/${item.namespace}/${item.name}.json`;
}
