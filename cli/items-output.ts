import type { BackupItem } from '../domain/backup-contents.ts';
import { groupResource, type ItemReference } from '../domain/item.ts';
import { sizeText } from '../domain/size-text.ts';
import type { Table } from './output/table.ts';

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
