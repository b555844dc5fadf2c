import { Type } from 'typebox';

import { STRICT } from './run.ts';

export const HoldBackup = Type.Object(
  { reason: Type.String({ minLength: 1, maxLength: 500, pattern: '\\S' }) },
  { ...STRICT, $id: 'HoldBackup' },
);

export const ExtendBackup = Type.Object(
  {
    ttl: Type.Optional(
      Type.String({
        description: 'How long the backup is kept from now on, such as 720h0m0s.',
        maxLength: 64,
      }),
    ),
    expiration: Type.Optional(
      Type.String({ format: 'date-time', description: 'Until when it is kept.' }),
    ),
  },
  { ...STRICT, $id: 'ExtendBackup', description: 'One of the two fields.' },
);
