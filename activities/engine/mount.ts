import { lstat, readFile, realpath } from 'node:fs/promises';

import { type MountEntry, parseMountTable } from '../../domain/volumes/mount-table.ts';
import type { OpenRoot } from './open-root.ts';

/** What is mounted at the root directory of a volume. */
export type RootMount = Pick<MountEntry, 'id' | 'device' | 'fileSystem' | 'source' | 'isReadOnly'>;

/**
 * The mount whose root an open directory is, and which its path shows; undefined for a directory within another mount,
 * such as the empty one that is left when a volume is unmounted. While the directory is open the number of its mount is
 * not given to another one.
 */
export async function inspectMount(root: OpenRoot): Promise<RootMount | undefined> {
  const [table, fdInfo, path] = await Promise.all([
    readFile('/proc/self/mountinfo', 'utf8'),
    readFile(`/proc/self/fdinfo/${String(root.handle.fd)}`, 'utf8'),
    // Gone when the pod's folder was removed meanwhile; nothing is mounted there then.
    realpath(root.path).catch(() => ''),
  ]);
  const openId = Number(/^mnt_id:\s*(\d+)$/m.exec(fdInfo)?.[1]);
  // Of several mounts at one place the last one is seen.
  const shown = parseMountTable(table).findLast((mount) => mount.mountPoint === path);
  if (shown?.id !== openId) {
    return undefined;
  }
  const { id, device, fileSystem, source, isReadOnly } = shown;
  return { id, device, fileSystem, source, isReadOnly };
}

/**
 * Whether the path of an open directory still leads to that same directory, with the same mounted there as before:
 * something, or nothing.
 */
export async function isStillInPlace(
  root: OpenRoot,
  before: RootMount | undefined,
): Promise<boolean> {
  const [mount, own, there] = await Promise.all([
    inspectMount(root),
    root.handle.stat({ bigint: true }),
    lstat(root.path, { bigint: true }).catch(() => undefined),
  ]);
  const isSameMount = mount?.id === before?.id && mount?.device === before?.device;
  return isSameMount && own.dev === there?.dev && own.ino === there.ino;
}
