import type { RestoreResource } from '../domain/api-resource.ts';

/** A label and what stands behind it; a line without that is not shown. */
type Line = [string, string | undefined];

/** What a restore was asked for, as far as it is not asked of a backup too. */
export function restoreSpecLines({
  backupName,
  namespaceMapping,
}: RestoreResource['spec']): Line[] {
  const mapping = Object.entries(namespaceMapping).map(([from, to]) => `${from} to ${to}`);
  return [
    ['Backup', backupName],
    ['Mapping', mapping.length === 0 ? undefined : mapping.join(', ')],
  ];
}

/** What became of the items of a backup, and what did not become of them. */
export function restoreEndLines(status: RestoreResource['status']): Line[] {
  const { counts = {}, cycles, tooDeep, failedVolumes = [] } = status;
  const outcome = Object.entries(counts).map(([verb, count]) => `${String(count)} ${verb}`);
  return [
    ['Outcome', outcome.length === 0 ? undefined : outcome.join(', ')],
    ...leftOutLines(status),
    ...failedVolumes.map(({ message }): Line => ['Error', message]),
    ['In a circle', cycles && circleText(cycles)],
    [
      'Too deep',
      tooDeep === undefined
        ? undefined
        : `${String(tooDeep)}, applied together with owners of theirs`,
    ],
  ];
}

/** One line for each reason; the types of each are in the other formats. */
function leftOutLines({ leftOut = [] }: RestoreResource['status']): Line[] {
  const counts = new Map<string, number>();
  for (const { reason, items } of leftOut) {
    counts.set(reason, (counts.get(reason) ?? 0) + items);
  }
  return [...counts].map(([reason, items]) => ['Left out', `${String(items)}: ${reason}`]);
}

function circleText({ count, items }: NonNullable<RestoreResource['status']['cycles']>): string {
  const more = count - items.length;
  return [...items, ...(more > 0 ? [`${String(more)} more`] : [])].join(', ');
}
