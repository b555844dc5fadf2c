import type { StoredSchedule } from './schedule.ts';

/** Which schedules are given back to Temporal, and how. */
export interface RecoverSchedulesRequest {
  /** Those of this location; of all when left out. */
  readonly location?: string;
  /** Those that back up this cluster; whichever when left out. */
  readonly cluster?: string;
  /** Name of the cluster that they are to back up from now on. */
  readonly asCluster?: string;
  /** Whether they are to wait for somebody who lets them go on; as they were when left out. */
  readonly paused?: boolean;
}

const NOTE = 'recovered; nothing happens at its times until somebody lets it go on';

/** Whether a request means a schedule. One whose deletion has begun is not brought back. */
export function isMeant(
  { spec, deletionTimestamp }: StoredSchedule,
  { cluster }: RecoverSchedulesRequest,
): boolean {
  const isOfCluster = cluster === undefined || spec.template.cluster === cluster;
  return isOfCluster && deletionTimestamp === undefined;
}

/**
 * A schedule as it comes back, of the location that it was found in, whatever the location was called when it was made;
 * itself when nothing changes. One that was paused before keeps its own note.
 */
export function recoveredSchedule(
  stored: StoredSchedule,
  { location, asCluster, paused = false }: RecoverSchedulesRequest & { readonly location: string },
): StoredSchedule {
  const { template, ...spec } = stored.spec;
  const { cluster } = template;
  const isPausedNow = paused && !spec.paused;
  if (location === spec.location && (asCluster ?? cluster) === cluster && !isPausedNow) {
    return stored;
  }
  return {
    ...stored,
    generation: stored.generation + 1,
    spec: {
      ...{ ...spec, location },
      ...(isPausedNow ? { paused, note: NOTE } : {}),
      template: { ...template, cluster: asCluster ?? cluster },
    },
  };
}
