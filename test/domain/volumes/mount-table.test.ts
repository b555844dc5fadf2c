import { expect, test } from 'vitest';

import { parseMountTable } from '../../../domain/volumes/mount-table.ts';

const TABLE = `22 1 254:0 / / rw,relatime shared:1 - ext4 /dev/vda rw,discard
36 22 0:32 /pods/a\\040b /var/lib/kubelet/pods/u/volumes/p~q/new\\012line\\134 ro,noatime - tmpfs tmpfs rw,size=8m
40 22 259:1 / /data rw,relatime shared:5 master:2 - xfs /dev/disk\\0431 ro
not a line of a mount table
41 22 0:40 /
`;

test('reads a mount table with its escapes and its optional fields', () => {
  expect(parseMountTable(TABLE)).toEqual([
    {
      id: 22,
      parentId: 1,
      device: '254:0',
      root: '/',
      mountPoint: '/',
      isReadOnly: false,
      fileSystem: 'ext4',
      source: '/dev/vda',
    },
    {
      id: 36,
      parentId: 22,
      device: '0:32',
      root: '/pods/a b',
      mountPoint: '/var/lib/kubelet/pods/u/volumes/p~q/new\nline\\',
      isReadOnly: true,
      fileSystem: 'tmpfs',
      source: 'tmpfs',
    },
    {
      id: 40,
      parentId: 22,
      device: '259:1',
      root: '/',
      mountPoint: '/data',
      isReadOnly: true,
      fileSystem: 'xfs',
      source: '/dev/disk#1',
    },
  ]);
});
