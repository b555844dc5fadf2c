import { execFileSync } from 'node:child_process';
import { createHash, randomBytes } from 'node:crypto';
import {
  chmodSync,
  chownSync,
  linkSync,
  lutimesSync,
  mkdirSync,
  symlinkSync,
  truncateSync,
  utimesSync,
  writeFileSync,
} from 'node:fs';
import { join } from 'node:path';

import { tarOfDirectory } from '../../activities/engine/directory-tar.ts';

const SPARSE_BYTES = 8 * 1024 * 1024;
const NAMES = [
  'with space',
  '-dash',
  '*?[x]',
  'quo\'te"',
  'back\\slash',
  'new\nline',
  'ünïcode',
  ' lead',
];

/** Fills a folder with everything that a file system can hold and that copies have lost before. */
export function makeOddTree(root: string): void {
  const at = (...parts: string[]): string => join(root, ...parts);
  mkdirSync(at('folder', 'deep', 'deeper'), { recursive: true });
  for (const name of NAMES) {
    writeFileSync(at('folder', name), name);
  }
  writeFileSync(
    Buffer.concat([Buffer.from(`${root}/folder/`), Buffer.from([0xff, 0xfe])]),
    'bytes',
  );
  writeFileSync(at('empty'), '');
  writeFileSync(at('data'), randomBytes(3 * 1024 * 1024));
  linkSync(at('data'), at('folder', 'deep', 'same data'));
  linkSync(at('data'), at('same data too'));
  writeFileSync(at('sparse'), '');
  truncateSync(at('sparse'), SPARSE_BYTES);
  writeFileSync(at('sparse'), 'end', { flag: 'a' });
  symlinkSync('data', at('link'));
  symlinkSync('/no/such/place', at('folder', 'dangling'));
  lutimesSync(at('link'), 1_400_000_000, 1_400_000_000);
  execFileSync('mkfifo', [at('pipe')]);
  execFileSync('mknod', [at('null'), 'c', '1', '3']);
  chownSync(at('folder', 'deep'), 12_345, 3_000_000);
  chmodSync(at('folder', 'deep'), 0o3711);
  writeFileSync(at('tool'), 'x');
  chownSync(at('tool'), 33, 33);
  chmodSync(at('tool'), 0o6755);
  writeFileSync(at('locked'), 'x', { mode: 0o000 });
  utimesSync(at('empty'), 4_000_000_000, 4_000_000_000);
  setXattrs(at('folder', 'deep'), { 'user.note': 'folder', 'trusted.mark': 'x' });
  for (let index = 0; index < 200; index += 1) {
    writeFileSync(at('folder', 'deep', 'deeper', String(index)), String(index).repeat(index));
  }
}

/** What there is to know of a tree: a line for each entry, and a hash of all content and extended attributes. */
export function describeTree(root: string): string[] {
  const format = '%P|%y|%m|%U|%G|%s|%T@|%n|%l\\n';
  const listing = execFileSync(
    'find',
    ['.', '!', '-type', 's', '!', '-type', 'd', '-printf', format],
    {
      cwd: root,
    },
  );
  // The size of a directory is a matter of its past.
  const folders = execFileSync('find', ['.', '-type', 'd', '-printf', '%P|%m|%U|%G|%T@\\n'], {
    cwd: root,
  });
  const tar = execFileSync(
    'tar',
    [
      ...['--create', '--sort=name', '--format=posix', '--xattrs', '--xattrs-include=*'],
      ...[
        '--pax-option=delete=atime,delete=ctime,exthdr.name=%f',
        '--warning=no-file-ignored',
        '.',
      ],
    ],
    { cwd: root, maxBuffer: 64 * 1024 * 1024 },
  );
  const lines = `${listing.toString('latin1')}${folders.toString('latin1')}`.split('\n').sort();
  return [...lines, createHash('sha256').update(tar).digest('hex')];
}

function setXattrs(path: string, xattrs: Record<string, string>): void {
  const attributes = { mode: 0o3711, uid: 12_345, gid: 3_000_000, mtime: '1450000000.987654321' };
  const encoded = Object.entries(xattrs).map(([name, value]) => [
    name,
    Buffer.from(value).toString('base64'),
  ]);
  execFileSync(
    'tar',
    ['--extract', '--xattrs', '--xattrs-include=*', '-p', '--same-owner', '--file=-'],
    {
      cwd: path,
      input: tarOfDirectory({
        ...attributes,
        xattrs: Object.fromEntries(encoded) as Record<string, string>,
      }),
    },
  );
}
