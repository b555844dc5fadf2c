import { readFile, realpath } from 'node:fs/promises';

import { type MountEntry, parseMountTable } from '../../domain/volumes/mount-table.ts';
import { openRoot, type OpenRoot } from './open-root.ts';

/** The mount that an open directory lies in. */
export interface RootMount extends Pick<
  MountEntry,
  'id' | 'device' | 'fileSystem' | 'source' | 'isReadOnly'
> {
  /** Whether the directory is what is mounted, and its path still leads there. */
  readonly isMountPoint: boolean;
}

/**
 * Tells which mount an open directory belongs to; undefined when that is no longer mounted. While the directory is open
 * the number of its mount is not given to another one.
 */
export async function inspectMount(root: OpenRoot): Promise<RootMount | undefined> {
  const [table, fdInfo, path] = await Promise.all([
    readFile('/proc/self/mountinfo', 'utf8'),
    readFile(`/proc/self/fdinfo/${String(root.handle.fd)}`, 'utf8'),
    realpath(root.path),
  ]);
  const id = Number(/^mnt_id:\s*(\d+)$/m.exec(fdInfo)?.[1]);
  const mounts = parseMountTable(table);
  const entry = mounts.find((mount) => mount.id === id);
  if (entry === undefined) {
    return undefined;
  }
  const { device, fileSystem, source, isReadOnly } = entry;
  // Of several mounts at one place the last one is seen.
  const isMountPoint = mounts.findLast((mount) => mount.mountPoint === path)?.id === id;
  return { id, device, fileSystem, source, isReadOnly, isMountPoint };
}

/** Whether the path of a directory still leads to the same directory in the same mount. */
export async function isStillMounted(root: OpenRoot, before: RootMount): Promise<boolean> {
  let now: OpenRoot;
  try {
    now = await openRoot(root.path);
  } catch {
    return false;
  }
  try {
    const [mount, own, other] = await Promise.all([
      inspectMount(now),
      root.handle.stat({ bigint: true }),
      now.handle.stat({ bigint: true }),
    ]);
    const isSameMount = mount?.id === before.id && mount.device === before.device;
    return isSameMount && own.dev === other.dev && own.ino === other.ino;
  } finally {
    await now.close();
  }
}
