import type { CoverageReport, TypeCoverage, VolumeCoverage } from '../../domain/coverage.ts';

/** The volumes of a namespace, in the order of the report. */
export function rowsOf({ volumes: { items } }: CoverageReport, namespace: string): string[] {
  return items.filter((item) => item.namespace === namespace).map(row);
}

/** The row of a type. */
export function typeOf({ types }: CoverageReport, type: string): TypeCoverage | undefined {
  return types.find((one) => one.type === type);
}

/** A preview as the report of the backup would be. */
export function withoutNamespaces({ types, ...report }: CoverageReport): object {
  return {
    ...report,
    types: types.map((type) =>
      Object.fromEntries(Object.entries(type).filter(([field]) => field !== 'namespaces')),
    ),
  };
}

/** A volume as tests write it: claim or volume, pod, persistent volume, then what and why. */
function row({ pod, volume, claim, persistentVolume, ...what }: VolumeCoverage): string {
  const name = claim ?? String(volume).replace(/-access-\w{5}$/, '-access');
  const mount = pod === undefined ? '' : ` of ${pod}`;
  const disk = persistentVolume === undefined ? '' : ` on ${persistentVolume}`;
  const { source, action, reason = 'copied' } = what;
  return `${name}${mount}${disk}: ${source}, ${action}, ${reason}`;
}

/** A report as if what was to be copied had been: a dry run cannot know what fails. */
export function withoutFailures({ volumes: all, ...report }: CoverageReport): CoverageReport {
  const { 'copy-failed': failed = 0, ...leftOut } = all.leftOut;
  const items = all.items.map((row) => {
    const { reason, ...rest } = row;
    return reason === 'copy-failed' ? rest : row;
  });
  return { ...report, volumes: { captured: all.captured + failed, items, leftOut } };
}
