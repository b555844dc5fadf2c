import { Type } from 'typebox';

import { CHECK_RESULTS, LOCATION_CHECKS, LOCATION_PHASES } from '../../domain/location-check.ts';
import { OBJECT_LOCK_MODES, SERVER_SIDE_ENCRYPTIONS } from '../../domain/s3-options.ts';
import {
  ApiVersion,
  ConditionSchema,
  FailureReportSchema,
  LabelName,
  oneOf,
  STRICT,
} from './run.ts';

export const StorageLocationParams = Type.Object({ name: LabelName }, STRICT);
/** A location that cannot be used is not kept, unless it is not checked. */
export const WriteLocationQuery = Type.Object(
  { check: Type.Optional(oneOf(['true', 'false'], 'false: keep it whatever its operations do.')) },
  STRICT,
);

export const WriteLocation = Type.Object(
  {
    apiVersion: Type.Optional(ApiVersion),
    kind: Type.Optional(Type.Literal('StorageLocation')),
    metadata: Type.Object({ name: LabelName }, STRICT),
    // The fields of a provider are checked where they are read.
    spec: Type.Record(Type.String(), Type.Unknown(), {
      description: 'provider, isDefault and the fields of the provider, as answers have them.',
    }),
  },
  STRICT,
);

/** There are no parameters. */
export const StorageLocationQuery = Type.Object({}, STRICT);

const Check = Type.Object({
  name: oneOf(Object.keys(LOCATION_CHECKS), 'The operation.'),
  result: oneOf(CHECK_RESULTS, 'skipped: what it builds upon failed, or there is no such thing.'),
  reason: Type.Optional(Type.String({ description: 'Why it was skipped.' })),
  failure: Type.Optional(FailureReportSchema),
  offsetSeconds: Type.Optional(
    Type.Integer({ description: 'Of clock: how far the clock of the server is ahead, about.' }),
  ),
});

const CredentialsReference = Type.Object(
  {
    secretName: Type.String(),
    key: Type.Optional(Type.String()),
    profile: Type.Optional(Type.String()),
  },
  { description: 'The Secret that has the credentials. The AWS environment, when left out.' },
);

export const StorageLocation = Type.Object(
  {
    apiVersion: ApiVersion,
    kind: Type.Literal('StorageLocation'),
    metadata: Type.Object({
      name: Type.String(),
      origin: oneOf(
        ['Configuration', 'Resource'],
        'Configuration: of the processes, and changed there; Resource: kept, and changed by requests.',
      ),
      uid: Type.Optional(Type.String({ description: 'Of one that is kept.' })),
      generation: Type.Optional(Type.Integer({ description: 'Counts the changes of one.' })),
    }),
    spec: Type.Object({
      provider: Type.Optional(oneOf(['folder', 's3'], 'A folder of the machine, or a bucket.')),
      isDefault: Type.Boolean({ description: 'Requests that name no location mean it.' }),
      readOnly: Type.Optional(
        Type.Boolean({
          description: 'Nothing is written to it but what restores tell of themselves.',
        }),
      ),
      path: Type.Optional(Type.String({ description: 'Of a folder.' })),
      bucket: Type.Optional(Type.String()),
      prefix: Type.Optional(Type.String()),
      region: Type.Optional(Type.String()),
      endpoint: Type.Optional(Type.String({ description: 'Left out for AWS.' })),
      isPathStyle: Type.Optional(Type.Boolean()),
      caFile: Type.Optional(Type.String()),
      caCert: Type.Optional(Type.String({ description: 'PEM.' })),
      proxyUrl: Type.Optional(Type.String({ description: 'Without user and password.' })),
      storageClass: Type.Optional(Type.String({ description: 'Of what backups keep.' })),
      serverSideEncryption: Type.Optional(
        oneOf(SERVER_SIDE_ENCRYPTIONS, 'What the bucket does by itself, when left out.'),
      ),
      kmsKeyId: Type.Optional(Type.String()),
      objectLock: Type.Optional(
        Type.Object(
          {
            mode: oneOf(OBJECT_LOCK_MODES, 'COMPLIANCE: nobody may shorten it.'),
            period: Type.String({ description: 'From when an object is written.' }),
          },
          { description: 'Retention of what backups keep.' },
        ),
      ),
      credentials: Type.Optional(CredentialsReference),
      uploadBytesPerSecond: Type.Optional(Type.Integer()),
      downloadBytesPerSecond: Type.Optional(Type.Integer()),
    }),
    status: Type.Optional(
      Type.Object(
        {
          phase: oneOf(
            LOCATION_PHASES,
            'Degraded: backups and restores work, and have less to rely on.',
          ),
          checkedAt: Type.Optional(Type.String({ format: 'date-time' })),
          observedGeneration: Type.Optional(
            Type.Integer({ description: 'The generation of the spec that was checked.' }),
          ),
          conditions: Type.Optional(
            Type.Array(ConditionSchema, {
              description: 'Available: True also when Degraded. As of the last check.',
            }),
          ),
          checks: Type.Array(Check, { description: 'In the answer to the check alone.' }),
          owner: Type.Optional(
            Type.Object(
              {
                installation: Type.String(),
                since: Type.String({ format: 'date-time' }),
                isOwn: Type.Boolean({ description: 'Whether it is the Holdfast that answers.' }),
              },
              { description: 'Which Holdfast writes to it; left out before its first backup.' },
            ),
          ),
          problem: Type.Optional(FailureReportSchema),
        },
        {
          description:
            'What the last check found, of one that is kept; that of the configuration has it only in the answer to a check. Or why it cannot be used.',
        },
      ),
    ),
  },
  { $id: 'StorageLocation' },
);

export const StorageLocationList = Type.Object(
  {
    apiVersion: ApiVersion,
    kind: Type.Literal('StorageLocationList'),
    items: Type.Array(Type.Ref('StorageLocation')),
  },
  { $id: 'StorageLocationList' },
);
