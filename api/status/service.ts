import { API_VERSION } from '../../domain/api-resource.ts';
import { RELEASE } from '../../domain/release.ts';
import type { ServerStatus } from '../../domain/server-status.ts';
import type { LocationSet } from '../../storage/location-set.ts';
import type { ObjectStore } from '../../storage/object-store/port.ts';
import type { TemporalRuns } from '../runs/temporal.ts';
import { locationStatus } from './location-status.ts';
import { taskQueueStatus, temporalStatus } from './temporal-status.ts';

export interface StatusSources {
  readonly temporal: TemporalRuns;
  readonly ownCluster: string;
  /** Host and port of Temporal. */
  readonly temporalAddress?: string | undefined;
  readonly locations: LocationSet;
  readonly store: (location: string) => ObjectStore;
}

/** How the parts of an installation are. */
export class StatusService {
  readonly #sources: StatusSources;

  constructor(sources: StatusSources) {
    this.#sources = sources;
  }

  /** Every part as it is now; a part that does not answer says so in its place. */
  async status(cluster?: string): Promise<ServerStatus> {
    const { temporal, ownCluster, temporalAddress = '', locations, store } = this.#sources;
    const [temporalPart, taskQueues, locationPart] = await Promise.all([
      temporalStatus(temporal, temporalAddress),
      taskQueueStatus(temporal, { cluster, ownCluster }),
      locationStatus(locations, store),
    ]);
    return {
      ...{ apiVersion: API_VERSION, kind: 'Status', version: RELEASE },
      ...{ temporal: temporalPart, taskQueues, locations: locationPart },
    };
  }
}
