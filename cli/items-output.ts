import type { BackupItem } from '../domain/backup-contents.ts';
import { groupResource, type ItemReference } from '../domain/item.ts';
import type { Table } from './output/table.ts';

const UNITS = ['B', 'KiB', 'MiB', 'GiB'] as const;
const UNIT_STEP = 1024;

/** One line per item. */
export function itemsTable(items: readonly BackupItem[]): Table<BackupItem> {
  return {
    rows: items,
    columns: [
      { heading: 'TYPE', cell: groupResource },
      { heading: 'NAMESPACE', cell: ({ namespace }) => namespace },
      { heading: 'NAME', cell: ({ name }) => name },
      { heading: 'SIZE', cell: ({ sizeBytes }) => sizeText(sizeBytes) },
      { heading: 'KIND', cell: ({ kind }) => kind, when: 'wide' },
      { heading: 'VERSION', cell: ({ version }) => version, when: 'wide' },
      { heading: 'UID', cell: ({ uid }) => uid, when: 'wide' },
    ],
    labels: ({ labels }) => labels,
  };
}

/** As kubectl names an object: `deployments.apps/web`. */
export function itemName(item: ItemReference): string {
  return `${groupResource(item)}/${item.name}`;
}

/** `317 B`, `1.2 KiB`. */
export function sizeText(sizeBytes: number): string {
  const exponent = UNITS.findLastIndex((_, index) => sizeBytes >= UNIT_STEP ** index);
  const unit = Math.max(0, exponent);
  const digits = unit === 0 ? 0 : 1;
  return `${(sizeBytes / UNIT_STEP ** unit).toFixed(digits)} ${UNITS[unit] ?? ''}`;
}
