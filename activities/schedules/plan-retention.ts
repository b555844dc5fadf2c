import { Failure } from '../../domain/failure.ts';
import { retention } from '../../domain/retention/retention.ts';
import { isScheduledName, policyOf } from '../../domain/schedules/schedule.ts';
import { type EndedBackup, endedBackups } from '../../storage/ended-backups.ts';
import { readOwner } from '../../storage/location-owner.ts';
import { lockOf } from '../../storage/object-lock.ts';
import type { ObjectStore } from '../../storage/object-store/port.ts';
import { readSchedule } from '../../storage/schedule-files.ts';
import type { Dependencies, OwnDependencies } from '../dependencies.ts';
import { NAMESPACE } from '../own-namespace.ts';
import { type LongWork, withHeartbeat } from '../heartbeat.ts';
import type {
  ExpiredBackup,
  PlanRetentionInput,
  PlanRetentionResult,
} from '../schedule-contract.ts';

/** Backups that one look finds; what is over is found by the next. */
const EXPIRED_MAX = 200;

/** See `RetentionActivities.planRetention`. */
export function planRetention(
  deps: OwnDependencies,
  input: PlanRetentionInput,
): Promise<PlanRetentionResult> {
  return withHeartbeat(async (long) => {
    const { schedule } = input;
    const look: Look = { input, long, nowMs: Date.now(), own: await ownCluster(deps) };
    const going: Going[] = [];
    const unread: NonNullable<PlanRetentionResult['unread']>[number][] = [];
    let kept = 0;
    for (const location of schedule === undefined ? await deps.locations() : [schedule.location]) {
      try {
        const found = await lookAt(deps, location, look);
        kept += found.kept;
        going.push(...found.going);
      } catch (error) {
        if (schedule !== undefined || !(error instanceof Failure)) {
          throw error;
        }
        unread.push({ location, code: error.code, message: error.message });
      }
    }
    going.sort((left, right) => left.startMs - right.startMs);
    const { expired, locked } = await unlocked(deps, going);
    return {
      expired,
      kept: kept + locked,
      ...(unread.length === 0 ? {} : { unread }),
    };
  });
}

/** The oldest that can be deleted: those that their bucket locks would stand before them at every look. */
async function unlocked({ store }: Pick<Dependencies, 'store'>, going: readonly Going[]) {
  const expired: ExpiredBackup[] = [];
  let locked = 0;
  for (const { location, name, runUid } of going) {
    if (expired.length === EXPIRED_MAX) {
      break;
    }
    if ((await lockOf(store(location), name)) === undefined) {
      expired.push({ location, name, runUid });
    } else {
      locked += 1;
    }
  }
  return { expired, locked };
}

type Going = ExpiredBackup & EndedBackup;

interface Look {
  readonly input: PlanRetentionInput;
  readonly long: LongWork;
  readonly nowMs: number;
  readonly own: Awaited<ReturnType<typeof ownCluster>>;
}

/** What of one location has had its time; nothing of one that is only read, or of another Holdfast. */
async function lookAt(
  deps: OwnDependencies,
  location: string,
  { input, long, nowMs, own }: Look,
): Promise<{ readonly going: readonly Going[]; readonly kept: number }> {
  if (deps.location(location).readOnly === true) {
    return { going: [], kept: 0 };
  }
  const store = deps.store(location);
  const owner = await readOwner(store);
  if (owner !== undefined && owner.installation !== deps.installation) {
    return { going: [], kept: 0 };
  }
  const going: Going[] = [];
  let kept = 0;
  for (const [name, backups] of await bySchedule(store, input, long)) {
    const stored = name === '' ? undefined : (await readSchedule(store, name))?.stored;
    const verdicts = retention(backups, { ...policyOf(name, stored, nowMs), cluster: own });
    const gone = verdicts.filter(({ reasons }) => reasons.length === 0);
    kept += verdicts.length - gone.length;
    going.push(...gone.map(({ backup }) => ({ location, ...backup })));
  }
  return { going, kept };
}

/** The cluster that is served, by the namespace that it has for as long as it lives. */
async function ownCluster({ cluster }: Pick<Dependencies, 'cluster'>) {
  const system = await cluster.read(NAMESPACE, {
    ...NAMESPACE,
    namespace: '',
    name: 'kube-system',
  });
  const { uid = '', creationTimestamp } = system?.metadata ?? { name: '' };
  return { uid, createdMs: Date.parse(String(creationTimestamp)) };
}

/** Backups of a cluster by the name of their schedule, which is empty for those of none. */
async function bySchedule(
  store: ObjectStore,
  { cluster, schedule }: PlanRetentionInput,
  { signal, report }: LongWork,
): Promise<ReadonlyMap<string, readonly EndedBackup[]>> {
  const groups = new Map<string, EndedBackup[]>();
  const isNamed = schedule && ((name: string) => isScheduledName(schedule.name, name));
  let itemsDone = 0;
  for await (const page of endedBackups(store, isNamed)) {
    signal.throwIfAborted();
    for (const backup of page) {
      const { scheduleName = '' } = backup;
      const isAsked = schedule === undefined || schedule.name === scheduleName;
      if (backup.cluster === cluster && isAsked) {
        const group = groups.get(scheduleName) ?? [];
        groups.set(scheduleName, group);
        group.push(backup);
      }
    }
    itemsDone += page.length;
    report({ itemsDone, bytesDone: 0 });
  }
  return groups;
}
