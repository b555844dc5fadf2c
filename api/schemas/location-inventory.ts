import { Type } from 'typebox';

import { ApiVersion } from './run.ts';

export const LocationInventory = Type.Object(
  {
    apiVersion: ApiVersion,
    kind: Type.Literal('LocationInventory'),
    metadata: Type.Object({ name: Type.String() }),
    clusters: Type.Array(
      Type.Object(
        {
          name: Type.String(),
          uids: Type.Array(Type.String()),
          backups: Type.Integer({ description: 'Ended backups that Holdfast made.' }),
          newest: Type.Optional(
            Type.Object(
              {
                name: Type.String(),
                phase: Type.String(),
                startTimestamp: Type.String({ format: 'date-time' }),
              },
              { description: 'The newest that can be restored.' },
            ),
          ),
          schedules: Type.Array(Type.String()),
          repositories: Type.Integer({ description: 'With data of its volumes.' }),
          samples: Type.Array(
            Type.Object({
              clusterUid: Type.String(),
              namespace: Type.String(),
              keyFiles: Type.Array(Type.String(), {
                description: 'In base64, encrypted by a password that the master key gives.',
              }),
            }),
            { description: 'Repositories to try a master key on.' },
          ),
        },
        { description: 'What there is of the clusters of one name.' },
      ),
    ),
    otherBackups: Type.Integer({
      description:
        'Folders of backups that Velero made, that have not ended, or that cannot be read.',
    }),
  },
  { $id: 'LocationInventory' },
);
