import { Type } from 'typebox';

import { RESTORE_VERBS } from '../../domain/restore.ts';
import { ItemsQuery } from './contents.ts';
import { ApiVersion, ListMetadata, PAGE_FIELDS, STRICT } from './run.ts';

const { location, type, namespace, name } = ItemsQuery.properties;

export const RestoreItemsQuery = Type.Object(
  {
    ...{ location, type, namespace, name },
    verb: Type.Optional(
      Type.String({
        maxLength: 100,
        description: `What the restore did, separated by commas: ${RESTORE_VERBS.join(', ')}.`,
      }),
    ),
    ...PAGE_FIELDS,
  },
  STRICT,
);

const RestoreItem = Type.Object({
  group: Type.String({ description: 'API group; empty for the core group.' }),
  version: Type.String(),
  resource: Type.String({ description: 'Plural.' }),
  kind: Type.String(),
  namespace: Type.String({ description: 'As in the target cluster; empty if there is none.' }),
  name: Type.String(),
  verb: Type.Enum([...RESTORE_VERBS]),
  reason: Type.Optional(Type.String()),
  lacksOwners: Type.Optional(
    Type.Literal(true, { description: 'An owner that it had is not in the cluster.' }),
  ),
  awaitsOwners: Type.Optional(
    Type.Literal(true, {
      description: 'The restore ended before it gave it its owners; one with `retryOf` does.',
    }),
  ),
  isAdded: Type.Optional(
    Type.Literal(true, {
      description: 'The request does not select it, and a plugin has added it.',
    }),
  ),
  isIncomplete: Type.Optional(
    Type.Literal(true, { description: 'Its status or its managed fields did not come back.' }),
  ),
});

export const RestoreItems = Type.Object(
  {
    apiVersion: ApiVersion,
    kind: Type.Literal('RestoreItemList'),
    metadata: ListMetadata,
    items: Type.Array(RestoreItem),
  },
  { $id: 'RestoreItemList', description: 'Items of a restore, and what became of them.' },
);
