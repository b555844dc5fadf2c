import { ALL_NAMESPACES, type BackupSpec, isNamespaceSelected } from '../backup.ts';
import type { CoverageReason, CoverageReport } from '../coverage.ts';
import { isPattern, matchesPattern } from './name-pattern.ts';
import { namesOwnNamespace } from './own-parts.ts';

/** Label that keeps an object out of every backup, and with a namespace all that is in it. Velero's. */
const EXCLUDE_LABEL = 'velero.io/exclude-from-backup';

/** A namespace as far as a selection looks at it. */
export interface NamespaceFacts {
  readonly name: string;
  readonly labels: Readonly<Record<string, string>>;
  readonly isBeingDeleted: boolean;
}

/** What a request makes of the namespaces that exist. */
export interface NamespaceSelection {
  /** Names of those whose objects are taken, in the order in which their objects' names sort. */
  readonly taken: readonly string[];
  /** Those that the request would take and that are left out all the same. */
  readonly leftOut: CoverageReport['namespaces'];
  /** Names in the request that no namespace has. A pattern that matches none is not missing, as in Velero. */
  readonly missing: readonly string[];
}

/** Chooses namespaces. `own` is Holdfast's own namespace, which is taken only where it is named. */
export function selectNamespaces(
  spec: Pick<BackupSpec, 'includedNamespaces' | 'excludedNamespaces'>,
  existing: readonly NamespaceFacts[],
  own: string,
): NamespaceSelection {
  const taken: string[] = [];
  const leftOut: { name: string; reason: CoverageReason }[] = [];
  for (const namespace of existing.filter(({ name }) => isNamespaceSelected(spec, name))) {
    const { name } = namespace;
    const isOwn = name === own && !namesOwnNamespace(spec, own);
    const reason = isOwn ? 'holdfast' : whyLeftOut(namespace);
    if (reason === undefined) {
      taken.push(name);
    } else {
      leftOut.push({ name, reason });
    }
  }
  const names = existing.map(({ name }) => name);
  return { taken: taken.sort(byObjectKey), leftOut, missing: missingNamespaces(spec, names) };
}

/** The namespaces that a request names and that do not exist. */
export function missingNamespaces(
  selection: Pick<BackupSpec, 'includedNamespaces'>,
  existing: readonly string[],
): string[] {
  const known = new Set(existing);
  return selection.includedNamespaces.filter(
    (name) => name !== ALL_NAMESPACES && !isPattern(name) && !known.has(name),
  );
}

/** Whether an object, or a namespace, asks to be left out. */
export function isExcludedByLabel(labels: Readonly<Record<string, string>> | undefined): boolean {
  return labels?.[EXCLUDE_LABEL] === 'true';
}

/** The patterns of a request that match none of the namespaces that are there. */
export function emptyPatterns(
  patterns: readonly string[],
  existing: readonly NamespaceFacts[],
): string[] {
  return patterns.filter(
    (pattern) => isPattern(pattern) && !existing.some(({ name }) => matchesPattern(pattern, name)),
  );
}

function whyLeftOut({ labels, isBeingDeleted }: NamespaceFacts): CoverageReason | undefined {
  if (isBeingDeleted) {
    return 'being-deleted';
  }
  return isExcludedByLabel(labels) ? 'exclude-label' : undefined;
}

/** `shop-2/a` comes before `shop/a`: objects are sorted by namespace and name with a slash between them. */
function byObjectKey(left: string, right: string): number {
  return `${left}/` < `${right}/` ? -1 : 1;
}
