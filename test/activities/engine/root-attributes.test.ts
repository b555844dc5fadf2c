import { execFileSync } from 'node:child_process';
import { chmod, chown, stat } from 'node:fs/promises';

import { expect, test } from 'vitest';

import { tarOfDirectory, xattrsOfTar } from '../../../activities/engine/directory-tar.ts';
import {
  readRootAttributes,
  writeRootAttributes,
} from '../../../activities/engine/root-attributes.ts';
import type { RootAttributes } from '../../../domain/volumes/volume-copy.ts';
import { VolumeFixture } from '../../support/volume-fixture.ts';

const fixture = VolumeFixture.forFile();

/** Access control lists for the user 1000, as Linux stores them. */
const ACL = Buffer.from(
  '02000000' + '01000700ffffffff02000500e803000004000500ffffffff10000700ffffffff20000500ffffffff',
  'hex',
).toString('base64');

const ATTRIBUTES: RootAttributes = {
  mode: 0o3775,
  uid: 3_000_000,
  gid: 101,
  mtime: '1500000000.123456789',
  xattrs: {
    'user.plain': Buffer.from('a=b\nc').toString('base64'),
    'user.odd=name%': Buffer.from([0, 255, 10]).toString('base64'),
    'user.empty': '',
    'trusted.overlay': Buffer.alloc(300, 7).toString('base64'),
    'system.posix_acl_access': ACL,
    'system.posix_acl_default': ACL,
  },
};

test('puts back mode, owner, time and every extended attribute of a root directory', async () => {
  const path = await fixture.volume();
  const root = await fixture.root(path);
  expect(await writeRootAttributes(root, ATTRIBUTES)).toEqual([]);
  expect(await readRootAttributes(root)).toEqual(ATTRIBUTES);
  // Seen by somebody else.
  const seen = execFileSync('stat', ['--format=%a %u %g %.9Y', path]).toString().trim();
  expect(seen).toBe('3775 3000000 101 1500000000.123456789');
});

test('is at the open directory itself, wherever its path leads by now', async () => {
  const path = await fixture.volume();
  const root = await fixture.root(path);
  const other = await fixture.volume();
  execFileSync('sh', ['-c', 'mv "$1" "$1.moved" && mv "$2" "$1"', 'sh', path, other]);
  await writeRootAttributes(root, { ...ATTRIBUTES, mode: 0o700, xattrs: {} });
  expect((await stat(`${path}.moved`)).mode & 0o7777).toBe(0o700);
  expect((await stat(path)).uid).not.toBe(ATTRIBUTES.uid);
});

test('names what the file system does not take', async () => {
  const root = await fixture.root(`/proc/${String(process.pid)}`);
  const wanted = { ...ATTRIBUTES, xattrs: { 'user.plain': 'YQ==' } };
  const missing = await writeRootAttributes(root, wanted);
  expect(missing).toEqual(['mode', 'uid', 'gid', 'mtime', 'user.plain']);
});

test('records a root without anything special', async () => {
  const path = await fixture.volume();
  await chmod(path, 0o1777);
  await chown(path, 7, 8);
  const attributes = await readRootAttributes(await fixture.root(path));
  expect(attributes).toMatchObject({ mode: 0o1777, uid: 7, gid: 8, xattrs: {} });
  expect(xattrsOfTar(tarOfDirectory(attributes))).toEqual({});
});
