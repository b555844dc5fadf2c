import type { CreateScheduleRequest } from '../../domain/api-resource.ts';
import { durationMs } from '../../domain/duration.ts';
import type { FieldError } from '../../domain/failure.ts';
import { fields } from '../../domain/fields.ts';
import { hasRules } from '../../domain/retention/retention.ts';
import { KEEP_FIELDS, type KeepRules } from '../../domain/retention/keep-rules.ts';
import {
  SCHEDULE_DEFAULTS,
  type ScheduleSpec,
  type StoredSchedule,
} from '../../domain/schedules/schedule.ts';
import { fieldError } from '../../domain/selection/field-errors.ts';
import { DEFAULT_LOCATION } from '../../domain/storage-location.ts';
import { RequestFailure } from '../errors.ts';
import { backupSpec } from '../runs/spec.ts';
import { hasZone, scheduleTimes } from './schedule-times.ts';

const DAY_MS = 24 * 3_600_000;
/** Temporal takes no shorter one. */
const CATCHUP = { minMs: 10_000, maxMs: 365 * DAY_MS, words: 'from 10s to 8760h' };
const JITTER = { minMs: 0, maxMs: DAY_MS, words: 'from 0s to 24h' };
/** A backup that only keep rules hold has no TTL; nobody else may ask for that. */
const NO_TTL = '0s';

/** A request as it came: what its schema finds fault with may be missing. */
interface ScheduleRequest {
  readonly metadata: CreateScheduleRequest['metadata'];
  readonly spec: Partial<CreateScheduleRequest['spec']>;
}

/**
 * The spec of a schedule with its defaults; its backups are of the API's own cluster where it names none. Throws all that is
 * wrong with one at once.
 */
export function scheduleSpec(
  { metadata, spec }: ScheduleRequest,
  ownCluster: string,
): ScheduleSpec {
  const { schedule = '', template, retention, note, ...given } = spec;
  const rules = keepRules(retention);
  const times = { ...SCHEDULE_DEFAULTS, ...given };
  const found = scheduleTimes(schedule, given.timeZone);
  const made = templateOf({ metadata, template }, ownCluster);
  const limits = [
    ...limitErrors('/spec/jitter', times.jitter, JITTER),
    ...limitErrors('/spec/catchupWindow', times.catchupWindow, CATCHUP),
  ];
  if ('fault' in found || 'errors' in made || limits.length > 0) {
    throw new RequestFailure([
      ...('fault' in found ? [fieldError('/spec/schedule', found.fault)] : []),
      ...limits,
      ...('errors' in made ? made.errors : []),
    ]);
  }
  const { timezone: timeZone = SCHEDULE_DEFAULTS.timeZone } = found.times;
  const { jitter, overlapPolicy, catchupWindow } = times;
  return {
    ...{ schedule, timeZone, jitter, overlapPolicy, catchupWindow },
    ...{ location: DEFAULT_LOCATION, paused: false, ...pick(given) },
    ...(note === undefined ? {} : { note }),
    ...ruled(made.spec, rules, template?.ttl !== undefined),
  };
}

/** What a request would have asked for to make a schedule as it is, for one that changes parts of it. */
export function requestOf({ name, spec }: StoredSchedule, patch: unknown): CreateScheduleRequest {
  const { template, timeZone, ...rest } = spec;
  const { ttl, metadata = {}, ...took } = template;
  const text = fields(fields(patch)['spec'])['schedule'] ?? spec.schedule;
  // A text that names its time zone may name another one than before.
  const zone = typeof text === 'string' && hasZone(text) ? {} : { timeZone };
  const kept = ttl === NO_TTL ? took : { ...took, ttl };
  return { metadata: { name, ...metadata }, spec: { ...rest, ...zone, template: kept } };
}

/** What backups take, and how long they are kept. */
function ruled(
  template: ScheduleSpec['template'],
  retention: KeepRules | undefined,
  hasOwnTtl: boolean,
): Pick<ScheduleSpec, 'template' | 'retention'> {
  if (retention === undefined) {
    return { template };
  }
  return { template: hasOwnTtl ? template : { ...template, ttl: NO_TTL }, retention };
}

function pick({
  location,
  paused,
}: Partial<Pick<ScheduleSpec, 'location' | 'paused'>>): Partial<ScheduleSpec> {
  return {
    ...(location === undefined ? {} : { location }),
    ...(paused === undefined ? {} : { paused }),
  };
}

/** In one order, so that equal requests are equal; undefined where there are none. */
function keepRules(given: KeepRules | undefined): KeepRules | undefined {
  const rules = Object.fromEntries(
    KEEP_FIELDS.flatMap((field) => (given?.[field] === undefined ? [] : [[field, given[field]]])),
  );
  return hasRules(rules) ? rules : undefined;
}

/** The template is a backup's spec, and its faults are named by where they stand. */
function templateOf(
  {
    metadata,
    template = {},
  }: Pick<ScheduleRequest, 'metadata'> & {
    readonly template: ScheduleRequest['spec']['template'] | undefined;
  },
  ownCluster: string,
): { readonly spec: ScheduleSpec['template'] } | { readonly errors: readonly FieldError[] } {
  try {
    return { spec: backupSpec({ metadata, spec: template }, ownCluster) };
  } catch (error) {
    if (error instanceof RequestFailure) {
      const moved = (text: string): string => text.replaceAll('/spec/', '/spec/template/');
      return {
        errors: error.errors.map(({ pointer, code, detail }) => ({
          ...{ code, pointer: moved(pointer), detail: moved(detail) },
        })),
      };
    }
    throw error;
  }
}

function limitErrors(
  pointer: string,
  text: string,
  {
    minMs,
    maxMs,
    words,
  }: { readonly minMs: number; readonly maxMs: number; readonly words: string },
): FieldError[] {
  const ms = durationMs(text);
  return ms === undefined || ms < minMs || ms > maxMs
    ? [fieldError(pointer, `must be a duration ${words}`)]
    : [];
}
