/** A snapshot of a repository, by its id and its tags. */
export interface TaggedSnapshot {
  readonly snapshotId: string;
  readonly labels: Readonly<Record<string, string>>;
}

/**
 * The runs that a location knows of one backup's name, with the ids of the snapshots that the records of the run name;
 * `all` where the run goes on, or its records do not say. Undefined if what it holds of the name cannot be read.
 */
export type KnownRuns = ReadonlyMap<string, ReadonlySet<string> | 'all'> | undefined;

/** The backups that snapshots were made for, each once. */
export function backupsOf(snapshots: readonly TaggedSnapshot[]): string[] {
  return [...new Set(snapshots.flatMap(({ labels }) => labels['backup'] ?? []))];
}

/**
 * The snapshots that nothing refers to: no record of a backup and no claim of a run that has not ended. So goes what a run
 * saved of a volume that moved meanwhile, and copied again. One that does not say which run made it is not Holdfast's,
 * and stays; so does one whose backup cannot be read.
 */
export function forgottenSnapshots(
  snapshots: readonly TaggedSnapshot[],
  runsOf: ReadonlyMap<string, KnownRuns>,
): string[] {
  return snapshots
    .filter(({ snapshotId, labels: { backup, run } }) => {
      const known = backup === undefined ? undefined : runsOf.get(backup);
      if (run === undefined || known === undefined) {
        return false;
      }
      const kept = known.get(run);
      return kept !== 'all' && kept?.has(snapshotId) !== true;
    })
    .map(({ snapshotId }) => snapshotId);
}
