import type { ReconciliationResource } from '../domain/reconciliation.ts';
import { columnsText } from './columns.ts';
import { sizeText } from '../domain/size-text.ts';

const HEADINGS = ['KIND', 'PLACE', 'SINCE', 'SIZE', 'WHY', 'REMOVAL'];

/** What was found, a line for each, for people. */
export function reconciliationText({ metadata, spec, status }: ReconciliationResource): string {
  const { phase, failure, orphans = [], isMore } = status;
  if (phase === 'Failed') {
    return `location ${metadata.location} could not be looked through: ${failure?.message ?? 'internal'}\n`;
  }
  const rows = orphans.map((orphan) => [
    orphan.kind,
    orphan.place,
    orphan.since ?? '',
    orphan.sizeBytes === undefined ? '' : sizeText(orphan.sizeBytes),
    orphan.reason,
    orphan.failure?.message ?? orphan.outcome ?? orphan.removal ?? 'never by itself',
  ]);
  const table = rows.length === 0 ? '' : columnsText([HEADINGS, ...rows]);
  const gone = orphans.filter(({ outcome }) => outcome === 'Removed').length;
  const removed = spec.removal === 'All' ? `, ${String(gone)} removed` : '';
  const more = isMore === true ? '; there are more, look again' : '';
  return `${table}location ${metadata.location}: ${String(orphans.length)} found${removed}${more}\n`;
}
