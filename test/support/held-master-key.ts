import { MASTER_KEY_SECRET } from '../../activities/volumes/master-key.ts';

export const MASTER_KEY = 'a1'.repeat(32);

/** What a cluster gives that holds the Secret of this key, whatever is asked for. */
export const HELD_MASTER_KEY = {
  read: () =>
    Promise.resolve({
      ...{ apiVersion: 'v1', kind: 'Secret', metadata: { name: MASTER_KEY_SECRET } },
      data: { key: Buffer.from(MASTER_KEY).toString('base64') },
    }),
};
