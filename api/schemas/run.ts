import { Type } from 'typebox';

import { API_VERSION } from '../../domain/api-resource.ts';
import { FAILURE_CODES } from '../../domain/failure.ts';
import { ORDERS } from '../lists/walk.ts';
import { PHASES } from '../../domain/phase.ts';
import { BACKUP_STEPS, RESTORE_STEPS, VOLUME_STATES } from '../../domain/run-status.ts';

/** Unknown fields are refused. */
export const STRICT = { additionalProperties: false };
export const PAGE_SIZE_MAX = 500;
/** DNS subdomain; the length is checked apart, so that the message tells which it is. */
const NAME_PATTERN = '^[a-z0-9]([-a-z0-9]*[a-z0-9])?(\\.[a-z0-9]([-a-z0-9]*[a-z0-9])?)*$';
/** What a name may begin with. */
const PREFIX_PATTERN = `${NAME_PATTERN.slice(0, -1)}(-+|\\.)?$`;
const LABEL_PATTERN = '^[a-z0-9]([-a-z0-9]*[a-z0-9])?$';

/** A union of string constants, as an `enum` of the document. */
export function oneOf(values: readonly string[], description: string) {
  return Type.String({ enum: [...values], description });
}

export const RunName = Type.String({ pattern: NAME_PATTERN, minLength: 1, maxLength: 253 });
export const LabelName = Type.String({ pattern: LABEL_PATTERN, minLength: 1, maxLength: 63 });

const TEXTS_MAX = 100;
const Texts = (description: string) =>
  Type.Unsafe<Record<string, string>>(
    Type.Object(
      {},
      {
        ...{ description, maxProperties: TEXTS_MAX },
        additionalProperties: Type.String({ maxLength: 4096 }),
      },
    ),
  );
/** What people note of a thing. */
export const NOTED_FIELDS = {
  labels: Type.Optional(Texts('For labelSelector; those of a schedule are those of its backups.')),
  annotations: Type.Optional(Texts('Nothing looks at them.')),
};

export const NewMetadata = Type.Object(
  {
    name: Type.Optional(Type.String({ pattern: NAME_PATTERN, minLength: 1, maxLength: 100 })),
    generateName: Type.Optional(
      Type.String({
        ...{ pattern: PREFIX_PATTERN, minLength: 1, maxLength: 80 },
        description: 'What the name begins with, instead of a name.',
      }),
    ),
    ...NOTED_FIELDS,
  },
  STRICT,
);

export const RunParams = Type.Object({ name: RunName }, STRICT);
export const RunQuery = Type.Object({ location: Type.Optional(LabelName) }, STRICT);
export const CreateQuery = Type.Object(
  {
    location: Type.Optional(LabelName),
    dryRun: Type.Optional(
      oneOf(
        ['All'],
        'Say what the run would do, and start none; "Prefer: wait=280" waits longer for it than 40 s.',
      ),
    ),
  },
  STRICT,
);

/** Of requests that start a run. */
export const CreateHeaders = Type.Object({
  'idempotency-key': Type.Optional(
    Type.String({
      ...{ minLength: 1, maxLength: 255 },
      description: 'With generateName: the same request with the same key gives the same run.',
    }),
  ),
});
/** Of requests that look at one thing. */
export const LookHeaders = Type.Object({
  'if-none-match': Type.Optional(
    Type.String({ description: 'Tags of answers that are known; 304 when this is one of them.' }),
  ),
});
/** Of requests that look at one run. */
export const RunLookHeaders = Type.Object({
  ...LookHeaders.properties,
  'cache-control': Type.Optional(
    Type.String({
      description:
        'With no-cache nothing is told that was seen before, which takes a second at most.',
    }),
  ),
});
/** Of requests that change one thing. */
export const ChangeHeaders = Type.Object({
  'if-match': Type.Optional(
    Type.String({ description: 'ETag of what is to be changed; 412 when it is not that now.' }),
  ),
});

/** Body of `PATCH`: what it makes of the thing is checked like the body of `PUT`. */
export const MergePatch = Type.Object(
  {
    metadata: Type.Optional(Type.Record(Type.String(), Type.Unknown())),
    spec: Type.Optional(Type.Record(Type.String(), Type.Unknown())),
  },
  {
    ...STRICT,
    $id: 'MergePatch',
    description: 'A merge patch (RFC 7386) of what PUT takes: fields that are null go.',
  },
);

/** Which part of a list is asked for. */
export const PAGE_FIELDS = {
  limit: Type.Optional(
    Type.String({
      pattern: '^[1-9][0-9]{0,5}$',
      description: `At most ${String(PAGE_SIZE_MAX)}.`,
    }),
  ),
  continue: Type.Optional(Type.String({ maxLength: 1000 })),
};

const TIME = { format: 'date-time' };

/** Which of a list are asked for, and in which order. */
export const FILTER_QUERY = {
  labelSelector: Type.Optional(
    Type.String({ maxLength: 4096, description: 'a=b,c!=d,e in (x,y),f,!g: as for kubectl.' }),
  ),
  namespace: Type.Optional(LabelName),
  createdAfter: Type.Optional(Type.String(TIME)),
  createdBefore: Type.Optional(Type.String(TIME)),
  orderBy: Type.Optional(oneOf(ORDERS, 'name when left out; -createdAt: the newest first.')),
};

export const ListQuery = Type.Object(
  {
    location: Type.Optional(LabelName),
    ...PAGE_FIELDS,
    ...FILTER_QUERY,
    phase: Type.Optional(oneOf(Object.keys(PHASES), 'Only runs of this phase.')),
    schedule: Type.Optional(LabelName),
  },
  STRICT,
);

export const FailureReportSchema = Type.Object({
  code: oneOf(Object.keys(FAILURE_CODES), 'Stable code of the failure.'),
  message: Type.String(),
  subject: Type.Optional(Type.String()),
});

export const Metadata = Type.Object({
  name: Type.String(),
  uid: Type.String(),
  location: Type.String(),
  creationTimestamp: Type.String({ format: 'date-time' }),
  ...NOTED_FIELDS,
  clusterUid: Type.Optional(
    Type.String({
      description: 'Of an ended run: uid of kube-system in its cluster, if it is known.',
    }),
  ),
});

const WaitSchema = Type.Object({
  reason: Type.String(),
  since: Type.Optional(Type.String({ format: 'date-time', description: 'When the wait began.' })),
  deadline: Type.Optional(Type.String({ format: 'date-time' })),
  failure: Type.Optional(FailureReportSchema),
  attempt: Type.Optional(Type.Integer()),
});

const VolumesSchema = Type.Object(
  {
    total: Type.Integer(),
    done: Type.Integer(),
    failed: Type.Integer(),
    filesDone: Type.Integer(),
    bytesDone: Type.Integer(),
    bytesTotal: Type.Optional(
      Type.Integer({
        description: 'Of the volumes that have been looked at so far; grows until all are known.',
      }),
    ),
    items: Type.Optional(
      Type.Array(
        Type.Object({
          name: Type.String(),
          state: oneOf(VOLUME_STATES, 'What happens to the volume.'),
          phase: Type.Optional(Type.String({ description: 'What the engine does.' })),
          node: Type.Optional(Type.String()),
          filesDone: Type.Optional(Type.Integer()),
          filesTotal: Type.Optional(Type.Integer()),
          bytesDone: Type.Optional(Type.Integer()),
          bytesTotal: Type.Optional(Type.Integer()),
          bytesPerSecond: Type.Optional(Type.Integer()),
          etaSeconds: Type.Optional(Type.Integer()),
          waitingFor: Type.Optional(WaitSchema),
        }),
        {
          description:
            'While the run is under way: at most 100 volumes of the batches under way, those that are moved now first.',
        },
      ),
    ),
  },
  { description: 'Data of volumes.' },
);

/** A condition as Kubernetes has them. */
export const ConditionSchema = Type.Object({
  type: Type.String(),
  status: oneOf(['True', 'False', 'Unknown'], 'Whether it is so.'),
  reason: Type.String({ description: 'For programs.' }),
  message: Type.String({ description: 'For people.' }),
  lastTransitionTime: Type.String({ format: 'date-time' }),
});

/** Fields of every run's status. */
export const STATUS_FIELDS = {
  phase: oneOf(Object.keys(PHASES), 'Phase of the run.'),
  conditions: Type.Optional(
    Type.Array(ConditionSchema, {
      description: 'Succeeded: Unknown until the end, True when Completed, else False.',
    }),
  ),
  step: Type.Optional(oneOf([...new Set([...BACKUP_STEPS, ...RESTORE_STEPS])], 'Step under way.')),
  startTimestamp: Type.Optional(Type.String({ format: 'date-time' })),
  completionTimestamp: Type.Optional(Type.String({ format: 'date-time' })),
  progress: Type.Object({
    itemsDone: Type.Integer(),
    itemsTotal: Type.Integer(),
    itemsPerSecond: Type.Optional(Type.Number()),
  }),
  waitingFor: Type.Optional(WaitSchema),
  volumes: Type.Optional(VolumesSchema),
  warnings: Type.Integer(),
  errors: Type.Integer(),
  failure: Type.Optional(FailureReportSchema),
  temporal: Type.Optional(
    Type.Object({
      namespace: Type.String(),
      workflowId: Type.String(),
      runId: Type.String(),
      availableUntil: Type.Optional(Type.String({ format: 'date-time' })),
      url: Type.Optional(Type.String()),
    }),
  ),
};

export const ApiVersion = Type.Literal(API_VERSION);
export const ListMetadata = Type.Object({ continue: Type.Optional(Type.String()) });

export const ProblemSchema = Type.Object(
  {
    type: Type.String(),
    title: Type.String(),
    status: Type.Integer(),
    detail: Type.String(),
    instance: Type.String(),
    code: oneOf(Object.keys(FAILURE_CODES), 'Stable code of the problem.'),
    requestId: Type.String(),
    retryable: Type.Boolean(),
    errors: Type.Optional(
      Type.Array(
        Type.Object({ pointer: Type.String(), code: Type.String(), detail: Type.String() }),
      ),
    ),
  },
  { $id: 'Problem', description: 'A problem of RFC 9457, sent as application/problem+json.' },
);
