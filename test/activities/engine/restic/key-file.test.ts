import { createHash } from 'node:crypto';
import { readdir, readFile, rm, writeFile } from 'node:fs/promises';
import { join } from 'node:path';

import { expect, test } from 'vitest';

import { lightenKeyFile, opensKeyFile } from '../../../../activities/engine/restic/key-file.ts';
import { folderOf, restic, VolumeFixture } from '../../../support/volume-fixture.ts';

const fixture = VolumeFixture.forFile();

test('wraps the key of a repository anew, and restic opens it with the same password', async () => {
  const repository = await fixture.repository();
  const keys = join(folderOf(repository), 'keys');
  const [made = ''] = await readdir(keys);
  const body = await readFile(join(keys, made));
  const light = await lightenKeyFile(body, repository.password);
  expect(light.name).toBe(createHash('sha256').update(light.body).digest('hex'));
  expect(light.name).not.toBe(made);
  await rm(join(keys, made));
  await writeFile(join(keys, light.name), light.body);
  expect(JSON.parse(restic(repository, 'snapshots', '--json'))).toEqual([]);
  expect(() => restic({ ...repository, password: 'another' }, 'snapshots')).toThrow();

  const other = lightenKeyFile(body, 'another');
  await expect(other).rejects.toThrow('the key file belongs to another password');
  const opens = [repository.password, 'another'].map((word) => opensKeyFile(light.body, word));
  expect(await Promise.all(opens)).toEqual([true, false]);
});
