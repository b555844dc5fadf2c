import { Type } from 'typebox';

import { BackupHooksSchema } from './hook-spec.ts';
import { HooksSummarySchema } from './hooks.ts';
import { OPERATION_FIELDS, OperationsSchema } from './operations.ts';
import {
  ApiVersion,
  FailureReportSchema,
  LabelName,
  ListMetadata,
  Metadata,
  NewMetadata,
  STATUS_FIELDS,
  STRICT,
} from './run.ts';
import { FILTER_FIELDS, NAMESPACE_FIELDS } from './selection.ts';

const BASE_FIELDS = {
  cluster: LabelName,
  ...NAMESPACE_FIELDS,
  ttl: Type.String({
    description:
      'How long the backup is kept, such as 720h0m0s; that of a backup of a schedule with keep rules is 0s, for it has no end.',
    maxLength: 64,
  }),
};

const FILTERS = Type.Partial(Type.Object(FILTER_FIELDS)).properties;

export const CreateBackup = Type.Object(
  {
    metadata: NewMetadata,
    spec: Type.Optional(
      Type.Partial(
        Type.Object(
          { ...BASE_FIELDS, ...FILTER_FIELDS, ...OPERATION_FIELDS, hooks: BackupHooksSchema },
          STRICT,
        ),
        STRICT,
      ),
    ),
  },
  { ...STRICT, $id: 'CreateBackup' },
);

export const Backup = Type.Object(
  {
    apiVersion: ApiVersion,
    kind: Type.Literal('Backup'),
    metadata: Metadata,
    spec: Type.Object({
      ...BASE_FIELDS,
      ...FILTERS,
      ...Type.Partial(Type.Object(OPERATION_FIELDS)).properties,
      hooks: Type.Optional(BackupHooksSchema),
      scheduleName: Type.Optional(
        Type.String({ description: 'The schedule that made the backup.' }),
      ),
    }),
    status: Type.Object({
      ...STATUS_FIELDS,
      archive: Type.Optional(
        Type.Object({
          sizeBytes: Type.Integer(),
          sha256: Type.String(),
          verification: Type.String(),
        }),
      ),
      expiration: Type.Optional(Type.String({ format: 'date-time' })),
      hold: Type.Optional(
        Type.Object(
          { reason: Type.String(), since: Type.String({ format: 'date-time' }) },
          { description: 'Somebody holds the backup: nothing deletes it.' },
        ),
      ),
      hooks: Type.Optional(HooksSummarySchema),
      operations: Type.Optional(OperationsSchema),
      problems: Type.Optional(
        Type.Object({
          errors: Type.Array(FailureReportSchema),
          warnings: Type.Array(FailureReportSchema),
          more: Type.Optional(
            Type.Object(
              { errors: Type.Integer(), warnings: Type.Integer() },
              { description: 'How many there are beside those that are told.' },
            ),
          ),
        }),
      ),
    }),
  },
  { $id: 'Backup' },
);

export const BackupList = Type.Object(
  {
    apiVersion: ApiVersion,
    kind: Type.Literal('BackupList'),
    metadata: ListMetadata,
    items: Type.Array(Type.Ref('Backup')),
  },
  { $id: 'BackupList' },
);
