import { API_VERSION, type RetentionResource } from '../../domain/api-resource.ts';
import { recordTime } from '../../domain/duration.ts';
import { retention } from '../../domain/retention/retention.ts';
import { isScheduledName, policyOf, type StoredSchedule } from '../../domain/schedules/schedule.ts';
import { endedBackups } from '../../storage/ended-backups.ts';
import type { ObjectStore } from '../../storage/object-store/port.ts';

/** What would become of the backups of a schedule if they were looked at now. */
export async function retentionOf(
  store: ObjectStore,
  stored: StoredSchedule,
): Promise<RetentionResource> {
  const { name } = stored;
  const { cluster: of } = stored.spec.template;
  const backups = [];
  for await (const page of endedBackups(store, (found) => isScheduledName(name, found))) {
    backups.push(
      ...page.filter(({ scheduleName, cluster }) => scheduleName === name && cluster === of),
    );
  }
  return {
    ...{ apiVersion: API_VERSION, kind: 'Retention', metadata: { name } },
    items: retention(backups, policyOf(name, stored, Date.now())).map(({ backup, reasons }) => ({
      ...{ backup: backup.name, phase: backup.phase },
      startTimestamp: recordTime(backup.startMs),
      reasons: reasons.map(({ rule, period }) =>
        period === undefined ? rule : `${rule} ${period}`,
      ),
    })),
  };
}
