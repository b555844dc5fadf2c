/** Uploads without an end to a folder store, for a test that kills it: `<path of the folder> <key>`. */
import { setTimeout as sleep } from 'node:timers/promises';

import { createFolderStore } from '../../storage/object-store/folder.ts';

const PAUSE_MS = 10;

async function* endless(): AsyncGenerator<Uint8Array> {
  for (let sent = 0; ; sent++) {
    yield Buffer.alloc(1024);
    if (sent === 1) {
      console.log('some bytes are written');
    }
    await sleep(PAUSE_MS);
  }
}

const [path = '', key = ''] = process.argv.slice(2);
await createFolderStore({ name: 'default', provider: 'folder', path }).upload(key, endless());
