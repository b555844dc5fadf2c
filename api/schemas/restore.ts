import { Type } from 'typebox';

import { RESTORE_VERBS } from '../../domain/restore.ts';
import {
  ApiVersion,
  LabelName,
  ListMetadata,
  Metadata,
  Namespaces,
  NewMetadata,
  RunName,
  STATUS_FIELDS,
  STRICT,
} from './run.ts';

const OPTIONAL_FIELDS = {
  cluster: LabelName,
  includedNamespaces: Namespaces,
  excludedNamespaces: Type.Array(LabelName, { maxItems: 1000 }),
  namespaceMapping: Type.Record(LabelName, LabelName, {
    description: 'Namespace of the backup to namespace of the cluster.',
  }),
};

export const CreateRestore = Type.Object(
  {
    metadata: NewMetadata,
    spec: Type.Object(
      { backupName: RunName, ...Type.Partial(Type.Object(OPTIONAL_FIELDS)).properties },
      STRICT,
    ),
  },
  { ...STRICT, $id: 'CreateRestore' },
);

export const Restore = Type.Object(
  {
    apiVersion: ApiVersion,
    kind: Type.Literal('Restore'),
    metadata: Metadata,
    spec: Type.Object({
      backupName: Type.String(),
      ...OPTIONAL_FIELDS,
      namespaceMapping: Type.Object({}, { additionalProperties: Type.String() }),
    }),
    status: Type.Object({
      ...STATUS_FIELDS,
      counts: Type.Optional(
        Type.Object(Object.fromEntries(RESTORE_VERBS.map((verb) => [verb, Type.Integer()]))),
      ),
    }),
  },
  { $id: 'Restore' },
);

export const RestoreList = Type.Object(
  {
    apiVersion: ApiVersion,
    kind: Type.Literal('RestoreList'),
    metadata: ListMetadata,
    items: Type.Array(Type.Ref('Restore')),
  },
  { $id: 'RestoreList' },
);
