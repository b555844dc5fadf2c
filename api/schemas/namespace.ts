import { Type } from 'typebox';

import { PROTECTIONS } from '../../domain/protection.ts';
import { ApiVersion, LabelName, ListMetadata, oneOf, PAGE_FIELDS, STRICT } from './run.ts';

const Time = Type.String({ format: 'date-time' });
const PROTECTION_TEXT =
  '"Covered": there is a good backup of the whole namespace, and it is new enough; "Stale": it is too old; "Uncovered": there is none.';
const ProtectionSchema = oneOf(PROTECTIONS, PROTECTION_TEXT);
const StaleAfter = Type.Optional(
  Type.String({
    description:
      'How old the last good backup may be, as a Go duration; two intervals of the schedule when left out, 48h without one.',
  }),
);

export const NamespaceParams = Type.Object({ name: LabelName }, STRICT);
export const NamespaceQuery = Type.Object({ staleAfter: StaleAfter }, STRICT);
export const NamespacesQuery = Type.Object(
  { ...PAGE_FIELDS, staleAfter: StaleAfter, protection: Type.Optional(ProtectionSchema) },
  STRICT,
);

export const Namespace = Type.Object(
  {
    apiVersion: ApiVersion,
    kind: Type.Literal('Namespace'),
    metadata: Type.Object({ name: Type.String(), creationTimestamp: Time }),
    status: Type.Object({
      protection: ProtectionSchema,
      lastBackup: Type.Optional(
        Type.Object(
          {
            name: Type.Optional(Type.String()),
            location: Type.Optional(Type.String()),
            completionTimestamp: Time,
            ageSeconds: Type.Integer(),
          },
          {
            description:
              'The newest good backup that has the namespace as a whole; without its name where the caller may not see it.',
          },
        ),
      ),
      schedule: Type.Optional(
        Type.String({ description: 'The schedule that takes the namespace most often.' }),
      ),
    }),
  },
  { $id: 'Namespace' },
);

export const NamespaceList = Type.Object(
  {
    apiVersion: ApiVersion,
    kind: Type.Literal('NamespaceList'),
    metadata: Type.Object({
      ...ListMetadata.properties,
      unread: Type.Optional(
        Type.Array(Type.String(), {
          description: 'Locations whose backups are missing here, since they do not answer.',
        }),
      ),
    }),
    counts: Type.Object(
      {
        total: Type.Integer(),
        covered: Type.Integer(),
        stale: Type.Integer(),
        uncovered: Type.Integer(),
      },
      { description: 'Of all namespaces that the caller may see, whatever the page.' },
    ),
    items: Type.Array(Type.Ref('Namespace')),
  },
  { $id: 'NamespaceList' },
);
