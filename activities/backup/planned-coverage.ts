import type { BackupSpec } from '../../domain/backup.ts';
import type { CoverageReason } from '../../domain/coverage.ts';
import type { PlannedCoverage } from '../../domain/export-plan.ts';
import type { FailureReport } from '../../domain/failure.ts';
import { groupResource, type ServedType } from '../../domain/item.ts';
import type { NamespaceFacts } from '../../domain/selection/namespace-selection.ts';
import { resolveName } from '../../domain/selection/resource-names.ts';
import type { CheckedRequest } from './check-request.ts';
import type { ProblemList } from './problem-list.ts';

/** Label of Argo CD on the namespaces that it manages; Velero warns of it too. */
const ARGO_CD_LABEL = 'argocd.argoproj.io/managed-by';

/** What the plan knows of coverage; what is a problem of it is told. */
export function plannedCoverage(
  { spec, discovery, existing, namespaces, types }: CheckedRequest,
  {
    problems,
    uncounted,
  }: { problems: ProblemList; uncounted: ReadonlyMap<string, CoverageReason> },
): PlannedCoverage {
  const groups = discovery.failedGroups.map((group) => {
    const isWanted = wantsGroup(spec, group);
    if (isWanted) {
      problems.error(unavailable(group));
    }
    return { group, reason: isWanted ? ('group-unavailable' as const) : ('not-included' as const) };
  });
  for (const warning of [
    ...orderWarnings(spec, discovery.types),
    ...managedWarnings(existing.filter(({ name }) => namespaces.taken.includes(name))),
  ]) {
    problems.warning(warning);
  }
  return {
    groups,
    namespaces: namespaces.leftOut,
    ambiguousNames: types.ambiguous,
    types: [
      ...discovery.types.map((type) => {
        const name = groupResource(type);
        const reason = types.decisions.get(name)?.reason ?? uncounted.get(name);
        return { type, ...(reason === undefined ? {} : { reason }) };
      }),
      ...discovery.unrestorable.map((type) => ({ type, reason: 'not-restorable' as const })),
    ],
    problems: problems.all(),
  };
}

/**
 * Whether a request that names types names one of a group; one that names none wants them all, but for groups that it
 * excludes as a whole: `*.metrics.k8s.io`.
 */
function wantsGroup(spec: BackupSpec, groupVersion: string): boolean {
  const { includedResources, includedNamespaceScopedResources } = spec;
  const included = includedResources ?? includedNamespaceScopedResources ?? [];
  const named = [...included, ...(spec.includedClusterScopedResources ?? [])];
  const group = groupVersion.slice(0, groupVersion.lastIndexOf('/'));
  const isOfGroup = (name: string): boolean => name.toLowerCase().endsWith(`.${group}`);
  const isExcluded = excludedNames(spec).some((name) => name.toLowerCase() === `*.${group}`);
  return (
    !isExcluded && (included.length === 0 || named.some((name) => name === '*' || isOfGroup(name)))
  );
}

function excludedNames(spec: BackupSpec): readonly string[] {
  return [
    ...(spec.excludedResources ?? []),
    ...(spec.excludedNamespaceScopedResources ?? []),
    ...(spec.excludedClusterScopedResources ?? []),
  ];
}

/** Types of `orderedResources` that are not there have no order. */
function orderWarnings(
  { orderedResources = {} }: BackupSpec,
  served: readonly ServedType[],
): FailureReport[] {
  return Object.keys(orderedResources)
    .filter((word) => resolveName(word, served) === undefined)
    .map((word) => ({
      code: 'type-not-found',
      message: `orderedResources names ${word}, which the cluster does not serve; it orders nothing`,
      subject: `orderedResources.${word}`,
    }));
}

function managedWarnings(taken: readonly NamespaceFacts[]): FailureReport[] {
  const managed = taken.filter(({ labels }) => ARGO_CD_LABEL in labels).map(({ name }) => name);
  return managed.length === 0
    ? []
    : [
        {
          code: 'managed-elsewhere',
          message: `Argo CD manages ${managed.slice(0, NAMES_MAX).join(', ')}; it may undo what a restore writes`,
          subject: 'namespaces',
        },
      ];
}

/** Namespaces that a warning names. */
const NAMES_MAX = 10;

function unavailable(group: string): FailureReport {
  const message = `${group} is registered and does not answer; nothing of it is in the backup`;
  return { code: 'cluster-failed', message, subject: group };
}
