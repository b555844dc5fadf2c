/** Path of a plugin. */
export function pluginPath(name: string): string {
  return `/plugins/${encodeURIComponent(name)}`;
}

/** Path of a schedule. */
export function schedulePath(name: string): string {
  return `/schedules/${encodeURIComponent(name)}`;
}

/** Path of a storage location. */
export function locationPath(name: string): string {
  return `/storage-locations/${encodeURIComponent(name)}`;
}

/** Path of a backup. */
export function backupPath(name: string): string {
  return `/backups/${encodeURIComponent(name)}`;
}
