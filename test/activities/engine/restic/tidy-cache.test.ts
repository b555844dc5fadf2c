import { mkdir, readdir, utimes, writeFile } from 'node:fs/promises';
import { dirname, join } from 'node:path';

import { expect, test } from 'vitest';

import { tidyCache } from '../../../../activities/engine/restic/tidy-cache.ts';
import { VolumeFixture } from '../../../support/volume-fixture.ts';

const fixture = VolumeFixture.forFile();
const DAY_S = 24 * 60 * 60;

test('removes what killed processes left and repositories of long ago, and nothing in use', async () => {
  const cache = await fixture.volume();
  const make = async (path: string, days: number): Promise<void> => {
    const at = join(cache, path);
    await mkdir(dirname(at), { recursive: true });
    await (path.endsWith('.json') ? writeFile(at, '{}') : mkdir(at));
    const time = Date.now() / 1000 - days * DAY_S;
    await utimes(at, time, time);
  };
  const [used, old] = ['a', 'b'].map((digit) => digit.repeat(64));
  await make('tmp/init-old', 2);
  await make('tmp/init-new', 0);
  await make('restic/restic-check-cache-1', 2);
  await make(`restic/${used ?? ''}`, 29);
  await make(`restic/${old ?? ''}`, 31);
  await make('restic/CACHEDIR.TAG.json', 99);
  await make('read-back/one.json', 31);
  await make('read-back/two.json', 8);
  await tidyCache(cache);
  const left = await readdir(cache, { recursive: true });
  expect(left.filter((path) => path.includes('/')).sort()).toEqual([
    'read-back/two.json',
    'restic/CACHEDIR.TAG.json',
    `restic/${used ?? ''}`,
    'tmp/init-new',
  ]);
  await tidyCache(join(cache, 'not-there'));
});
