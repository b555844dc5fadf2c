import { phaseOfRecord } from '../domain/phase.ts';
import type { KeptBackup } from '../domain/retention/retention.ts';
import { SCHEDULE_LABEL } from '../domain/velero-record.ts';
import { type CatalogueBackup, expirationOf, listBackups } from './catalogue.ts';
import type { ObjectStore } from './object-store/port.ts';

/** Records of one page of a location's backups. */
const PAGE_RECORDS = 500;

/** An ended backup that Holdfast has made. */
export interface EndedBackup extends KeptBackup {
  readonly runUid: string;
  readonly cluster: string;
  readonly clusterUid: string;
  /** Left out where no schedule made it. */
  readonly scheduleName?: string;
}

/**
 * The ended backups of a location, page by page in the order of their names. Those that Velero made are Velero's to
 * remove, and left out.
 */
export async function* endedBackups(
  store: ObjectStore,
  isNamed?: (name: string) => boolean,
): AsyncGenerator<readonly EndedBackup[]> {
  let after: string | undefined = '';
  while (after !== undefined) {
    const page = await listBackups(store, {
      ...{ limit: PAGE_RECORDS, after },
      ...(isNamed === undefined ? {} : { isNamed }),
    });
    yield page.items.flatMap((entry) => endedBackup(entry) ?? []);
    after = page.next;
  }
}

function endedBackup({ name, record, claim }: CatalogueBackup): EndedBackup | undefined {
  if (record === undefined || claim === undefined) {
    return undefined;
  }
  const { phase, failureReason, startTimestamp } = record.status;
  const expiration = expirationOf({ record, claim });
  const end = phaseOfRecord(phase, failureReason);
  const scheduleName = record.metadata.labels?.[SCHEDULE_LABEL];
  return {
    ...{ name, runUid: claim.runUid, cluster: claim.spec.cluster, clusterUid: claim.cluster.uid },
    isHeld: claim.hold !== undefined,
    startMs: Date.parse(startTimestamp ?? claim.startTimestamp),
    phase: end === 'Completed' || end === 'PartiallyFailed' || end === 'Cancelled' ? end : 'Failed',
    ...(expiration === undefined ? {} : { expiresMs: Date.parse(expiration) }),
    ...(scheduleName === undefined ? {} : { scheduleName }),
  };
}
