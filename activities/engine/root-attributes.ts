import { spawn } from 'node:child_process';

import { Failure } from '../../domain/failure.ts';
import type { RootAttributes } from '../../domain/volumes/volume-copy.ts';
import { tarOfDirectory, xattrsOfTar } from './directory-tar.ts';
import type { OpenRoot } from './open-root.ts';

const PERMISSION_BITS = 0o7777n;
const NANOSECONDS = 1_000_000_000n;
const TAR_BYTES_MAX = 1024 * 1024;
/** GNU tar, which every Debian has, is the one tool there that reads and writes all extended attributes and lists. */
const WITH_ALL_XATTRS = ['--xattrs', '--xattrs-include=*', '--no-recursion', '--numeric-owner'];

/** Reads what belongs to the root directory of a volume. */
export async function readRootAttributes(root: OpenRoot): Promise<RootAttributes> {
  const { mode, uid, gid, mtimeNs } = await root.handle.stat({ bigint: true });
  const args = ['--create', '--format=posix', ...WITH_ALL_XATTRS, '--blocking-factor=1', '.'];
  const tar = await runTar(root, args, Buffer.alloc(0));
  const nanoseconds = String(mtimeNs % NANOSECONDS).padStart(9, '0');
  return {
    mode: Number(mode & PERMISSION_BITS),
    uid: Number(uid),
    gid: Number(gid),
    mtime: `${String(mtimeNs / NANOSECONDS)}.${nanoseconds}`,
    xattrs: xattrsOfTar(tar),
  };
}

/**
 * Puts the attributes of a root directory back, and names those that the file system did not take: `mode`, `uid`, `gid`,
 * `mtime`, or the name of an extended attribute.
 */
export async function writeRootAttributes(
  root: OpenRoot,
  wanted: RootAttributes,
): Promise<string[]> {
  const args = ['--extract', '--preserve-permissions', '--same-owner', ...WITH_ALL_XATTRS];
  await runTar(root, args, tarOfDirectory(wanted));
  const now = await readRootAttributes(root);
  return [
    ...(['mode', 'uid', 'gid', 'mtime'] as const).filter((name) => now[name] !== wanted[name]),
    ...Object.keys(wanted.xattrs).filter((name) => now.xattrs[name] !== wanted.xattrs[name]),
  ];
}

/** Runs tar on the open directory itself. Throws `volume-unreadable` when it is not there or its file system fails. */
function runTar(root: OpenRoot, args: readonly string[], input: Buffer): Promise<Buffer> {
  return new Promise((resolve, reject) => {
    const child = spawn('tar', ['--file=-', ...args], {
      cwd: root.pinnedPath,
      stdio: ['pipe', 'pipe', 'ignore'],
    });
    const chunks: Buffer[] = [];
    let size = 0;
    const fail = (cause: unknown): void => {
      const text = 'the attributes of the root directory of the volume cannot be read or written';
      reject(new Failure('volume-unreadable', text, { cause }));
    };
    child.stdout.on('data', (chunk: Buffer) => {
      size += chunk.length;
      if (size > TAR_BYTES_MAX) {
        child.kill();
      } else {
        chunks.push(chunk);
      }
    });
    child.stdin.on('error', () => undefined);
    child.stdin.end(input);
    child.once('error', (error: NodeJS.ErrnoException) => {
      if (error.code === 'ENOENT') {
        reject(new Failure('engine-not-usable', 'GNU tar is not on the path of the node agent'));
      } else {
        fail(error);
      }
    });
    child.once('close', (code) => {
      // A file system without extended attributes makes tar complain; what is there in the end is read again.
      if (code === 0 || (code === 2 && input.length > 0)) {
        resolve(Buffer.concat(chunks));
      } else {
        fail(new Error(`tar ended with ${String(code)}`));
      }
    });
  });
}
