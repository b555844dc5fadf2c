import { Type } from 'typebox';

import { CHECK_RESULTS, DOCTOR_CHECKS } from '../../domain/diagnosis/checks.ts';
import { QUEUE_ROLES } from '../../domain/server-status.ts';
import { ApiVersion, FailureReportSchema, LabelName, oneOf, STRICT } from './run.ts';

export const StatusQuery = Type.Object({ cluster: Type.Optional(LabelName) }, STRICT);

const failure = Type.Optional(FailureReportSchema);

const TemporalStatus = Type.Object({
  address: Type.String({ description: 'Host and port.' }),
  namespace: Type.String(),
  isReachable: Type.Boolean(),
  serverVersion: Type.Optional(Type.String()),
  missingSearchAttributes: Type.Optional(
    Type.Array(Type.String(), {
      description:
        'Search attributes of runs that the namespace does not have; left out where Temporal does not tell.',
    }),
  ),
  failure,
});

const TaskQueueStatus = Type.Object({
  name: Type.String(),
  role: oneOf(QUEUE_ROLES, 'What its workers do.'),
  cluster: Type.Optional(Type.String()),
  node: Type.Optional(Type.String()),
  plugin: Type.Optional(Type.String()),
  workers: Type.Optional(
    Type.Integer({ description: 'Those that have asked for work within the last 75 s.' }),
  ),
  failure,
});

const LocationStatus = Type.Object({
  name: Type.String(),
  isReachable: Type.Boolean(),
  failure,
});

export const Status = Type.Object(
  {
    apiVersion: ApiVersion,
    kind: Type.Literal('Status'),
    version: Type.String({ description: 'Release of the API.' }),
    temporal: TemporalStatus,
    taskQueues: Type.Array(TaskQueueStatus, {
      description:
        'Those of the workflows and of the clusters, and of the nodes and plugins whose workers Temporal tells of.',
    }),
    locations: Type.Array(LocationStatus),
  },
  { $id: 'Status' },
);

const RESULT_TEXT = 'Warning: backups work, and have less to rely on, or not all of them do.';

export const Diagnosis = Type.Object(
  {
    apiVersion: ApiVersion,
    kind: Type.Literal('Diagnosis'),
    cluster: Type.String(),
    result: oneOf(CHECK_RESULTS, 'The worst of the checks.'),
    checks: Type.Array(
      Type.Object({
        name: oneOf(DOCTOR_CHECKS, 'What was looked at.'),
        subject: Type.Optional(Type.String({ description: 'Which one of several.' })),
        result: oneOf(CHECK_RESULTS, RESULT_TEXT),
        message: Type.String(),
        advice: Type.Optional(Type.String({ description: 'What to do.' })),
      }),
    ),
  },
  { $id: 'Diagnosis' },
);
