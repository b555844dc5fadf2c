import type { FailureReport } from '../failure.ts';
import type { EndPhase } from '../phase.ts';

/** What can be told of, by the name that filters of endpoints have. */
export const EVENT_NAMES = [
  ...(['backup.started', 'backup.completed', 'backup.partiallyfailed'] as const),
  ...(['backup.failed', 'backup.cancelled'] as const),
  ...(['restore.started', 'restore.completed', 'restore.partiallyfailed'] as const),
  ...(['restore.failed', 'restore.cancelled'] as const),
  'location.unavailable',
] as const;

/** What a test of an endpoint sends; no filter keeps it away. */
export const PING = 'ping';

/** The message of a failure is cut, so that an event stays far below what receivers take. */
const MESSAGE_LENGTH_MAX = 1000;

/** CloudEvents 1.0 in its structured JSON form. At most 20 KB. */
export interface CloudEvent {
  readonly specversion: '1.0';
  /** The same for the same thing, however often it is told: the receiver's key against repeats. */
  readonly id: string;
  /** URI reference: `/clusters/local/locations/default`. */
  readonly source: string;
  /** `io.holdfast.backup.completed.v1`. */
  readonly type: string;
  /** `backups/shop`. */
  readonly subject: string;
  /** RFC 3339. */
  readonly time: string;
  readonly datacontenttype: 'application/json';
  readonly data: EventData;
}

/** What is told of a thing; what is undefined is not sent. Fields may be added within `v1`. */
interface EventData {
  readonly cluster: string;
  readonly location?: string | undefined;
  readonly name?: string;
  /** The schedule that made the backup. */
  readonly schedule?: string | undefined;
  /** Of a restore: the backup that it restores. */
  readonly backup?: string | undefined;
  /** Uid of the run. */
  readonly uid?: string;
  readonly phase?: EndPhase;
  readonly startTimestamp?: string;
  readonly completionTimestamp?: string;
  readonly items?: number | undefined;
  readonly warnings?: number | undefined;
  readonly errors?: number | undefined;
  readonly failure?: Pick<FailureReport, 'code' | 'message'> | undefined;
}

/** The run that is told of. */
export interface ToldRun {
  readonly kind: 'Backup' | 'Restore';
  readonly cluster: string;
  readonly location: string;
  readonly name: string;
  readonly uid: string;
  readonly startTimestamp: string;
  readonly schedule?: string | undefined;
  readonly backup?: string | undefined;
}

/** How a run has ended, as far as it is told. */
export interface ToldEnd extends Pick<EventData, 'items' | 'warnings' | 'errors'> {
  readonly phase: EndPhase;
  readonly completionTimestamp: string;
  readonly failure?: FailureReport | undefined;
}

/** Tells that a run has begun. */
export function startedEvent(run: ToldRun): CloudEvent {
  return runEvent(run, { what: 'started', time: run.startTimestamp, data: {} });
}

/** Tells that a run has ended; a run ends once, hence one id whatever its phase. */
export function endedEvent(run: ToldRun, end: ToldEnd): CloudEvent {
  const { phase, completionTimestamp, items, warnings, errors, failure } = end;
  const told = failure && toldFailure(failure);
  return runEvent(run, {
    ...{ what: 'ended', name: phase.toLowerCase(), time: completionTimestamp },
    data: { phase, completionTimestamp, items, warnings, errors, failure: told },
  });
}

/** Tells that a location does not answer: once a day for each. */
export function locationEvent(
  {
    cluster,
    location,
    failure,
  }: { readonly cluster: string; readonly location: string; readonly failure: FailureReport },
  time: string,
): CloudEvent {
  const day = time.slice(0, 10);
  return {
    ...{ specversion: '1.0', id: `location-unavailable-${cluster}-${location}-${day}` },
    ...{ source: `/clusters/${cluster}`, type: typeOf('location.unavailable') },
    ...{ subject: `storage-locations/${location}`, time, datacontenttype: 'application/json' },
    data: { cluster, location, failure: toldFailure(failure) },
  };
}

/** Tells nothing but that events arrive. */
export function pingEvent(
  {
    cluster,
    endpoint,
    id,
  }: { readonly cluster: string; readonly endpoint: string; readonly id: string },
  time: string,
): CloudEvent {
  return {
    ...{ specversion: '1.0', id: `ping-${id}`, source: `/clusters/${cluster}`, type: typeOf(PING) },
    ...{ subject: `notification-endpoints/${endpoint}`, time, datacontenttype: 'application/json' },
    data: { cluster },
  };
}

/** The name of an event by its type: `backup.failed`. */
export function nameOfEvent({ type }: Pick<CloudEvent, 'type'>): string {
  return type.replace(/^io\.holdfast\./, '').replace(/\.v1$/, '');
}

function runEvent(
  run: ToldRun,
  told: {
    /** What makes the id, and the name of the event where it has no other. */
    readonly what: 'started' | 'ended';
    readonly name?: string;
    readonly time: string;
    readonly data: Partial<EventData>;
  },
): CloudEvent {
  const { kind, cluster, location, name, uid, startTimestamp, schedule, backup } = run;
  const noun = kind === 'Backup' ? 'backup' : 'restore';
  return {
    ...{ specversion: '1.0', id: `${uid}-${told.what}` },
    source: `/clusters/${cluster}/locations/${location}`,
    type: typeOf(`${noun}.${told.name ?? told.what}`),
    ...{ subject: `${noun}s/${name}`, time: told.time, datacontenttype: 'application/json' },
    data: { cluster, location, name, uid, startTimestamp, schedule, backup, ...told.data },
  };
}

function toldFailure({ code, message }: FailureReport): EventData['failure'] {
  return { code, message: message.slice(0, MESSAGE_LENGTH_MAX) };
}

function typeOf(name: string): string {
  return `io.holdfast.${name}.v1`;
}
