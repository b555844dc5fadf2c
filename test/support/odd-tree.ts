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

const SPARSE_BYTES = 8 * 1024 * 1024;
/** As the kernel stores them: `u::rw,u:12345:r,g::r,m::r,o::-`, and the permitted and effective capability CAP_NET_RAW. */
const ACCESS_LIST = `0x${[
  '02000000',
  '01000600ffffffff',
  '0200040039300000',
  '04000400ffffffff',
  '10000400ffffffff',
  '20000000ffffffff',
].join('')}`;
const NET_RAW = '0x0100000200200000000000000000000000000000';
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

/** Fills a folder with everything that a file system can hold and that copies have lost before, and many small files. */
export function makeOddTree(root: string, smallFiles = 200): void {
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
  makeXattrs(root);
  utimesSync(at('folder', 'deep'), 1_450_000_000, 1_450_000_000.987_654);
  for (let index = 0; index < smallFiles; index += 1) {
    writeFileSync(at('folder', 'deep', 'deeper', String(index)), String(index).repeat(index % 200));
  }
}

/** What there is to know of a tree: a line for each entry and extended attribute, and a hash of all content. */
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
  const xattrs = execFileSync(
    'getfattr',
    [
      ...['--recursive', '--physical', '--no-dereference'],
      ...['--dump', '--encoding=hex', '--match=-', '.'],
    ],
    { cwd: root, maxBuffer: 64 * 1024 * 1024 },
  );
  const lines = `${listing.toString('latin1')}${folders.toString('latin1')}`.split('\n').sort();
  const attributes = xattrs.toString('latin1').split('\n\n').sort();
  return [...lines, ...attributes, createHash('sha256').update(tar).digest('hex')];
}

/** Extended attributes of each family. */
function makeXattrs(root: string): void {
  writeFileSync(join(root, 'shared'), 'x');
  writeFileSync(join(root, 'ping'), 'x', { mode: 0o755 });
  const xattrs = [
    ['user.bytes', '0x00ff0a3d', 'data'],
    ['user.note', '0x666f6c646572', 'folder/deep'],
    ['trusted.mark', '0x78', 'folder/deep'],
    ['system.posix_acl_default', ACCESS_LIST, 'folder'],
    ['system.posix_acl_access', ACCESS_LIST, 'shared'],
    ['security.capability', NET_RAW, 'ping'],
  ] as const;
  for (const [name, value, path] of xattrs) {
    execFileSync('setfattr', ['--name', name, '--value', value, path], { cwd: root });
  }
}
