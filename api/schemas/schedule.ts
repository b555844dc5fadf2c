import { Type } from 'typebox';

import { KEEP_FIELDS } from '../../domain/retention/keep-rules.ts';
import { OVERLAP_POLICIES, SCHEDULE_DEFAULTS } from '../../domain/schedules/schedule.ts';
import { PHASES } from '../../domain/phase.ts';
import { Backup, CreateBackup } from './backup.ts';
import {
  ApiVersion,
  ConditionSchema,
  FILTER_QUERY,
  LabelName,
  ListMetadata,
  NOTED_FIELDS,
  oneOf,
  PAGE_FIELDS,
  STRICT,
} from './run.ts';

const KEPT_MAX = 10_000;
const KEEP_WORDS = 'Backups that are kept whatever their TTL: ';
const Keep = Type.Integer({ minimum: 0, maximum: KEPT_MAX });
const KeepRulesSchema = Type.Partial(
  Type.Object(Object.fromEntries(KEEP_FIELDS.map((field) => [field, Keep])), STRICT),
  {
    ...STRICT,
    description: `${KEEP_WORDS}the newest, and the newest of each of the last hours, days, weeks, months and years that have one.`,
  },
);

const Overlap = oneOf(
  OVERLAP_POLICIES,
  `What becomes of a backup whose time comes while the one before it runs; ${SCHEDULE_DEFAULTS.overlapPolicy} when left out.`,
);

const TIMES = {
  schedule: Type.String({
    minLength: 1,
    maxLength: 200,
    description:
      'Cron with five fields, a descriptor (@hourly, @daily, @weekly, @monthly, @yearly) or @every and a duration; after CRON_TZ=Europe/Berlin maybe. Where day of month and day of week are given, either will do.',
  }),
};

const OPTIONAL = {
  timeZone: Type.String({
    maxLength: 64,
    description: `Name of the IANA database; ${SCHEDULE_DEFAULTS.timeZone} when left out.`,
  }),
  location: LabelName,
  jitter: Type.String({
    maxLength: 64,
    description: `Each backup begins at random up to this long after its time; ${SCHEDULE_DEFAULTS.jitter} when left out.`,
  }),
  overlapPolicy: Overlap,
  catchupWindow: Type.String({
    maxLength: 64,
    description: `How late a backup may begin that was missed while Temporal was away; ${SCHEDULE_DEFAULTS.catchupWindow} when left out.`,
  }),
  paused: Type.Boolean(),
};
const REST = {
  note: Type.Optional(Type.String({ maxLength: 500, description: 'Why it is paused.' })),
  retention: Type.Optional(KeepRulesSchema),
};

export const ScheduleParams = Type.Object({ name: LabelName }, STRICT);
const SCHEDULE_PHASES = ['Enabled', 'Paused', 'Missing'];
export const ScheduleListQuery = Type.Object(
  {
    ...PAGE_FIELDS,
    ...FILTER_QUERY,
    phase: Type.Optional(oneOf(SCHEDULE_PHASES, 'Only schedules of this phase.')),
  },
  STRICT,
);

export const CreateSchedule = Type.Object(
  {
    metadata: Type.Object({ name: LabelName, ...NOTED_FIELDS }, STRICT),
    spec: Type.Object(
      {
        ...TIMES,
        ...Type.Partial(Type.Object(OPTIONAL)).properties,
        ...REST,
        template: CreateBackup.properties.spec,
      },
      STRICT,
    ),
  },
  { ...STRICT, $id: 'CreateSchedule' },
);

export const ScheduleNote = Type.Union([
  Type.Object({ note: Type.Optional(Type.String({ maxLength: 500 })) }, STRICT),
  Type.Null(),
]);

export const Trigger = Type.Union([
  Type.Object({ overlapPolicy: Type.Optional(Overlap) }, STRICT),
  Type.Null(),
]);

export const Backfill = Type.Object(
  {
    startTime: Type.String({ format: 'date-time' }),
    endTime: Type.String({ format: 'date-time' }),
    overlapPolicy: Type.Optional(Overlap),
  },
  STRICT,
);

const Time = Type.String({ format: 'date-time' });

export const Schedule = Type.Object(
  {
    apiVersion: ApiVersion,
    kind: Type.Literal('Schedule'),
    metadata: Type.Object({
      name: Type.String(),
      uid: Type.String(),
      generation: Type.Integer(),
      creationTimestamp: Time,
      ...NOTED_FIELDS,
      deletionTimestamp: Type.Optional(
        Type.String({ format: 'date-time', description: 'Since when it is being forgotten.' }),
      ),
    }),
    spec: Type.Object({ ...TIMES, ...OPTIONAL, ...REST, template: Backup.properties.spec }),
    status: Type.Object({
      phase: oneOf(
        SCHEDULE_PHASES,
        'Missing: its location has it and Temporal does not, so that nothing happens at its times.',
      ),
      observedGeneration: Type.Optional(
        Type.Integer({ description: 'The generation of the spec that Temporal acts on.' }),
      ),
      conditions: Type.Array(ConditionSchema, {
        description:
          'Ready: Temporal acts on it as its location keeps it. Paused: it starts nothing by itself. lastTransitionTime is that of the last change.',
      }),
      nextTimes: Type.Array(Time),
      counts: Type.Object(
        {
          started: Type.Integer(),
          skipped: Type.Integer(),
          missed: Type.Integer(),
          dropped: Type.Integer(),
        },
        {
          description:
            'Times since the schedule was made: at which it started something, at which an earlier backup still ran, which were over for longer than the catch-up window, and which waited behind too many others.',
        },
      ),
      recent: Type.Optional(
        Type.Array(
          Type.Object({
            scheduledTime: Time,
            startTime: Time,
            backup: Type.String(),
            phase: Type.String(),
          }),
        ),
      ),
      lastSuccess: Type.Optional(
        Type.Object({
          backup: Type.String(),
          completionTimestamp: Time,
          ageSeconds: Type.Integer(),
        }),
      ),
      lastBackup: Type.Optional(
        Type.Object({ backup: Type.String(), phase: oneOf(Object.keys(PHASES), 'How it ended.') }),
      ),
      temporal: Type.Optional(
        Type.Object({
          namespace: Type.String(),
          scheduleId: Type.String(),
          url: Type.Optional(Type.String()),
        }),
      ),
    }),
  },
  { $id: 'Schedule' },
);

export const ScheduleList = Type.Object(
  {
    apiVersion: ApiVersion,
    kind: Type.Literal('ScheduleList'),
    metadata: Type.Object({
      ...ListMetadata.properties,
      unread: Type.Optional(
        Type.Array(
          Type.Object({ location: Type.String(), code: Type.String(), message: Type.String() }),
          { description: 'Locations whose schedules are missing here, since they do not answer.' },
        ),
      ),
    }),
    items: Type.Array(Type.Ref('Schedule')),
  },
  { $id: 'ScheduleList' },
);

export const RecoverSchedules = Type.Union([
  Type.Object(
    {
      location: Type.Optional(LabelName),
      cluster: Type.Optional(LabelName),
      asCluster: Type.Optional(LabelName),
      paused: Type.Optional(Type.Boolean()),
    },
    {
      ...STRICT,
      description:
        'Only those of this location, and of this cluster; which cluster they back up from now on; and whether they come back paused.',
    },
  ),
  Type.Null(),
]);

export const RecoveredSchedules = Type.Object(
  {
    apiVersion: ApiVersion,
    kind: Type.Literal('RecoveredSchedules'),
    names: Type.Array(Type.String()),
  },
  { $id: 'RecoveredSchedules' },
);

export const Retention = Type.Object(
  {
    apiVersion: ApiVersion,
    kind: Type.Literal('Retention'),
    metadata: Type.Object({ name: Type.String() }),
    items: Type.Array(
      Type.Object({
        backup: Type.String(),
        phase: Type.String(),
        startTimestamp: Time,
        reasons: Type.Array(Type.String(), {
          description: 'Why it stays; it goes without a reason.',
        }),
      }),
    ),
  },
  { $id: 'Retention' },
);
