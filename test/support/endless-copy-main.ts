/** Copies a volume that takes long, for a test that kills it: `<repository folder> <volume> <key> <cache>`. */
import { openRoot } from '../../activities/engine/open-root.ts';
import { resticConfig } from '../../activities/engine/restic/config.ts';
import { createResticEngine } from '../../activities/engine/restic/engine.ts';

const [path = '', volume = '', key = '', cacheDir = ''] = process.argv.slice(2);
const labels = {
  ...{ clusterUid: 'c', namespace: 'shop', volume: 'data', volumeUid: 'v', runUid: 'r' },
  ...{ backup: 'b', part: 0, epoch: '1.0' },
};
await createResticEngine({ ...resticConfig(process.env), cacheDir }).backup(
  {
    repository: {
      location: { name: 'test', provider: 'folder', path },
      path: '',
      password: 'the password of the test',
    },
    root: await openRoot(volume),
    labels,
  },
  {
    key,
    signal: new AbortController().signal,
    onProgress: ({ bytesDone }) => {
      if (bytesDone > 0) {
        console.log('some bytes are copied');
      }
    },
  },
);
