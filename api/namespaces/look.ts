import type { ActiveSchedule, GoodBackup, LiveNamespace } from '../../domain/protection.ts';
import type { LocationSet } from '../../storage/location-set.ts';
import type { ObjectStore } from '../../storage/object-store/port.ts';
import { goodBackups } from '../../storage/ended-runs.ts';
import { storedSchedules } from '../../storage/schedule-files.ts';
import { longestPauseMs } from '../schedules/longest-pause.ts';

/** How long a look will do for all who ask: it reads the records of all locations. */
const KNOWN_MS = 2000;
/** Backups that are read of one location. */
const BACKUPS_MAX = 20_000;

/** What says how well namespaces are protected. */
export interface SeenProtection {
  readonly namespaces: readonly LiveNamespace[];
  readonly backups: readonly GoodBackup[];
  /** Those that are not paused. */
  readonly schedules: readonly ActiveSchedule[];
  /** Names of locations that do not answer. */
  readonly unread: readonly string[];
}

export interface ProtectionSources {
  readonly locations: LocationSet;
  readonly store: (location: string) => ObjectStore;
  /** The cluster that schedules mean by this name. */
  readonly ownCluster: string;
  /** Throws what the cluster throws. */
  readonly liveNamespaces: () => Promise<{
    readonly clusterUid: string;
    readonly namespaces: readonly LiveNamespace[];
  }>;
}

/** Looks at the namespaces of the own cluster, and at what all locations have of them. A look is shared for a while. */
export class ProtectionLook {
  readonly #sources: ProtectionSources;
  #last: { readonly seen: Promise<SeenProtection>; untilMs: number } | undefined;

  constructor(sources: ProtectionSources) {
    this.#sources = sources;
  }

  /** As it was a while ago at most. Throws what the cluster throws. */
  async see(): Promise<SeenProtection> {
    const last = this.#last;
    if (last !== undefined && performance.now() < last.untilMs) {
      return last.seen;
    }
    const seen = this.#look();
    const next = { seen, untilMs: Infinity };
    this.#last = next;
    // Who asks while it is under way gets the same; a failure is not kept.
    const keep = (ms: number) => () => {
      next.untilMs = performance.now() + ms;
    };
    seen.then(keep(KNOWN_MS), keep(0));
    return seen;
  }

  async #look(): Promise<SeenProtection> {
    const { locations, liveNamespaces } = this.#sources;
    const { clusterUid, namespaces } = await liveNamespaces();
    // Backups in a location that is read only belong to somebody else.
    const own = locations.all.filter(({ readOnly }) => readOnly !== true);
    const parts = await Promise.all(
      own.map(async ({ name }) => ({ name, found: await this.#ofLocation(name, clusterUid) })),
    );
    return {
      namespaces,
      backups: parts.flatMap(({ found }) => found?.backups ?? []),
      schedules: parts.flatMap(({ found }) => found?.schedules ?? []),
      unread: parts.flatMap(({ name, found }) => (found === undefined ? name : [])),
    };
  }

  /** Undefined for a location that does not answer. */
  async #ofLocation(
    location: string,
    clusterUid: string,
  ): Promise<Pick<SeenProtection, 'backups' | 'schedules'> | undefined> {
    try {
      const store = this.#sources.store(location);
      const [backups, stored] = await Promise.all([
        goodBackups(store, { location, clusterUid, max: BACKUPS_MAX }),
        storedSchedules(store),
      ]);
      const schedules = stored
        .filter(({ spec }) => !spec.paused && spec.template.cluster === this.#sources.ownCluster)
        .map(({ name, spec: { schedule, timeZone, template } }) => ({
          ...{ name, template },
          intervalMs: longestPauseMs(schedule, timeZone, Date.now()),
        }));
      return { backups, schedules };
    } catch {
      return undefined;
    }
  }
}
