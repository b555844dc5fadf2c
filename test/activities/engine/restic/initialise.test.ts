import { readdir, rm, writeFile } from 'node:fs/promises';
import { join } from 'node:path';

import { expect, test } from 'vitest';

import { initialise } from '../../../../activities/engine/restic/initialise.ts';
import { folderOf, restic, VolumeFixture } from '../../../support/volume-fixture.ts';

// Goal: whoever makes a repository, when and how often, there is one, and it opens.

const fixture = VolumeFixture.forFile();

test('makes one repository when two processes make it at once', async () => {
  const repository = fixture.access();
  const work = { repository, run: fixture.run() };
  await Promise.all([initialise(fixture.config(), work), initialise(fixture.config(), work)]);
  expect(await readdir(join(folderOf(repository), 'keys'))).toHaveLength(1);
  expect(JSON.parse(restic(repository, 'snapshots', '--json'))).toEqual([]);
});

test('goes on where an attempt was killed, with the same key', async () => {
  const repository = await fixture.repository();
  const keys = join(folderOf(repository), 'keys');
  const before = await readdir(keys);
  await rm(join(folderOf(repository), 'config'));
  await rm(keys, { recursive: true });
  await initialise(fixture.config(), { repository, run: fixture.run() });
  expect(await readdir(keys)).toEqual(before);
  expect(JSON.parse(restic(repository, 'snapshots', '--json'))).toEqual([]);
});

test('does not put a new key into a repository that lost its configuration', async () => {
  const repository = await fixture.repository();
  await rm(join(folderOf(repository), 'config'));
  await rm(join(folderOf(repository), 'holdfast-init.json'));
  const work = { repository, run: fixture.run() };
  await expect(initialise(fixture.config(), work)).rejects.toMatchObject({
    code: 'repository-damaged',
    subject: repository.path,
  });
  await writeFile(join(folderOf(repository), 'holdfast-init.json'), '{}');
  await expect(initialise(fixture.config(), work)).rejects.toMatchObject({
    code: 'repository-damaged',
  });
});
