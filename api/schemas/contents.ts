import { Type } from 'typebox';

import { ApiVersion, LabelName, PAGE_FIELDS, RunName, STRICT } from './run.ts';

const FILTER_LENGTH_MAX = 4000;
const NAME_LENGTH_MAX = 253;

const Name = Type.String({ minLength: 1, maxLength: NAME_LENGTH_MAX });
const Secrets = Type.Optional(
  Type.String({
    enum: ['reveal'],
    description: 'Shows values of Secrets, where the API is set up to; left out, they are "***".',
  }),
);

function filter(description: string) {
  return Type.Optional(Type.String({ description, minLength: 1, maxLength: FILTER_LENGTH_MAX }));
}

export const ItemsQuery = Type.Object(
  {
    location: Type.Optional(LabelName),
    type: filter('Plurals, kinds or resource.group, separated by commas: configmaps,Deployment.'),
    namespace: filter('Names of namespaces or patterns, separated by commas.'),
    name: filter('A name, or a pattern with "*", "?" and "[a-c]".'),
    labelSelector: filter('As kubectl takes it: app=shop,tier in (a,b).'),
    ...PAGE_FIELDS,
  },
  STRICT,
);

export const ItemParams = Type.Object({ name: RunName, type: Name, itemName: Name }, STRICT);
export const ItemReadQuery = Type.Object(
  {
    location: Type.Optional(LabelName),
    namespace: Type.Optional(
      Type.String({ description: 'Left out for cluster-scoped objects.', maxLength: 63 }),
    ),
    version: Type.Optional(
      Type.String({
        description: 'Version of the API group; the preferred one when left out.',
        maxLength: 63,
      }),
    ),
    secrets: Secrets,
  },
  STRICT,
);

export const DownloadQuery = Type.Object(
  { location: Type.Optional(LabelName), secrets: Secrets },
  STRICT,
);

const BackupItem = Type.Object({
  group: Type.String({ description: 'API group; empty for the core group.' }),
  version: Type.String(),
  resource: Type.String({ description: 'Plural.' }),
  kind: Type.String(),
  namespace: Type.String({ description: 'Empty for cluster-scoped objects.' }),
  name: Type.String(),
  uid: Type.String(),
  labels: Type.Optional(
    Type.Unsafe<Record<string, string>>(Type.Object({}, { additionalProperties: Type.String() })),
  ),
  sizeBytes: Type.Integer({ description: "Of the object's JSON." }),
});

export const BackupItems = Type.Object(
  {
    apiVersion: ApiVersion,
    kind: Type.Literal('BackupItemList'),
    metadata: Type.Object({
      continue: Type.Optional(Type.String()),
      remainingItemCount: Type.Optional(
        Type.Integer({
          description: 'Items behind this page; left out beside name and labelSelector.',
        }),
      ),
    }),
    items: Type.Array(BackupItem),
  },
  { $id: 'BackupItemList', description: 'Items of a backup, in its order.' },
);

/** A Kubernetes object as it was; not looked into. */
export const KubernetesObjectSchema = Type.Object(
  {},
  { additionalProperties: true, description: 'The object as the backup holds it.' },
);

/** The tarball. */
export const ArchiveSchema = Type.String({ format: 'binary' });
