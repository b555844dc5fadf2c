import type { RootAttributes } from '../../domain/volumes/volume-copy.ts';

const BLOCK_BYTES = 512;
/** Positions and lengths of the fields of a tar header that are used here (POSIX.1-1988 ustar). */
const FIELD = {
  name: [0, 100],
  mode: [100, 8],
  uid: [108, 8],
  gid: [116, 8],
  size: [124, 12],
  mtime: [136, 12],
  checksum: [148, 8],
  type: [156, 1],
  magic: [257, 8],
} as const;
const TYPE_DIRECTORY = '5';
const TYPE_PAX = 'x';
const SPACE = 0x20;
const NEWLINE = 0x0a;
/** How GNU tar and star name an extended attribute in a pax header. */
const XATTR_PREFIX = 'SCHILY.xattr.';
/** An owner beyond this does not fit into its field; a pax record has it then. */
const ID_MAX = 0o7777777;

/** The extended attributes of the one directory in a tar file, in base64. */
export function xattrsOfTar(tar: Buffer): Record<string, string> {
  const header = tar.subarray(0, BLOCK_BYTES);
  if (textOf(header, FIELD.type) !== TYPE_PAX) {
    return {};
  }
  const size = Number.parseInt(textOf(header, FIELD.size), 8);
  const found: Record<string, string> = {};
  for (const { key, value } of paxRecords(tar.subarray(BLOCK_BYTES, BLOCK_BYTES + size))) {
    if (key.startsWith(XATTR_PREFIX)) {
      // tar writes "=" and "%" of a name as %3D and %25.
      const name = key.slice(XATTR_PREFIX.length).replaceAll('%3D', '=').replaceAll('%25', '%');
      found[name] = value.toString('base64');
    }
  }
  return found;
}

/** A tar file that holds the attributes of the directory `.`, and nothing else. */
export function tarOfDirectory({ mode, uid, gid, mtime, xattrs }: RootAttributes): Buffer {
  const records = [
    paxRecord('mtime', Buffer.from(mtime)),
    paxRecord('uid', Buffer.from(String(uid))),
    paxRecord('gid', Buffer.from(String(gid))),
    ...Object.entries(xattrs).map(([name, value]) => {
      const written = name.replaceAll('%', '%25').replaceAll('=', '%3D');
      return paxRecord(`${XATTR_PREFIX}${written}`, Buffer.from(value, 'base64'));
    }),
  ];
  const pax = Buffer.concat(records);
  const padding = Buffer.alloc((BLOCK_BYTES - (pax.length % BLOCK_BYTES)) % BLOCK_BYTES);
  return Buffer.concat([
    header({ type: TYPE_PAX, mode: 0o600, uid: 0, gid: 0, size: pax.length }),
    pax,
    padding,
    header({ type: TYPE_DIRECTORY, mode, uid: fitting(uid), gid: fitting(gid), size: 0 }),
    Buffer.alloc(2 * BLOCK_BYTES),
  ]);
}

function* paxRecords(body: Buffer): Generator<{ key: string; value: Buffer }> {
  // A record is "length key=value\n"; the length counts itself.
  for (let at = 0; at < body.length;) {
    const length = Number.parseInt(body.toString('latin1', at, at + 12), 10);
    if (!(length > 0)) {
      return;
    }
    const record = body.subarray(at, at + length - 1);
    const start = record.indexOf(SPACE) + 1;
    const equals = record.indexOf('=', start);
    yield { key: record.toString('utf8', start, equals), value: record.subarray(equals + 1) };
    at += length;
  }
}

function paxRecord(key: string, value: Buffer): Buffer {
  const bare = Buffer.concat([Buffer.from(` ${key}=`), value, Buffer.from([NEWLINE])]);
  let length = bare.length;
  while (String(length).length + bare.length !== length) {
    length = String(length).length + bare.length;
  }
  return Buffer.concat([Buffer.from(String(length)), bare]);
}

function header(entry: {
  type: string;
  mode: number;
  uid: number;
  gid: number;
  size: number;
}): Buffer {
  const block = Buffer.alloc(BLOCK_BYTES);
  block.write('.', FIELD.name[0]);
  writeOctal(block, FIELD.mode, entry.mode);
  writeOctal(block, FIELD.uid, entry.uid);
  writeOctal(block, FIELD.gid, entry.gid);
  writeOctal(block, FIELD.size, entry.size);
  writeOctal(block, FIELD.mtime, 0);
  block.write(entry.type, FIELD.type[0]);
  block.write('ustar\u000000', FIELD.magic[0]);
  block.fill(SPACE, FIELD.checksum[0], FIELD.checksum[0] + FIELD.checksum[1]);
  const sum = block.reduce((total, byte) => total + byte, 0);
  block.write(`${sum.toString(8).padStart(6, '0')}\u0000 `, FIELD.checksum[0]);
  return block;
}

function writeOctal(block: Buffer, [at, length]: readonly [number, number], value: number): void {
  block.write(`${value.toString(8).padStart(length - 1, '0')}\u0000`, at);
}

function textOf(block: Buffer, [at, length]: readonly [number, number]): string {
  return block.toString('latin1', at, at + length).split('\u0000')[0] ?? '';
}

function fitting(id: number): number {
  return id <= ID_MAX ? id : 0;
}
