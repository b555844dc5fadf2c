import type { API_VERSION } from './api-resource.ts';
import type { EndPhase } from './phase.ts';

/** Answer of `GET /storage-locations/{name}/inventory`: whose backups a location holds. */
export interface LocationInventory extends Holdings {
  readonly apiVersion: typeof API_VERSION;
  readonly kind: 'LocationInventory';
  readonly metadata: { readonly name: string };
}

export interface Holdings {
  /** By name. */
  readonly clusters: readonly ClusterHoldings[];
  /** Folders of backups that Velero made, that have not ended, or that cannot be read. */
  readonly otherBackups: number;
}

/** What a location holds of the clusters of one name. */
export interface ClusterHoldings {
  readonly name: string;
  /** Of the clusters that had the name one after the other: uids of their namespaces `kube-system`. */
  readonly uids: readonly string[];
  /** Ended backups that Holdfast made. */
  readonly backups: number;
  /** The newest that can be restored; left out where there is none. */
  readonly newest?: {
    readonly name: string;
    readonly phase: EndPhase;
    readonly startTimestamp: string;
  };
  /** Names of the schedules that back it up. */
  readonly schedules: readonly string[];
  /** How many repositories with data of its volumes there are. */
  readonly repositories: number;
  /** Some of these, to try a master key on. */
  readonly samples: readonly RepositorySample[];
}

/** A repository, with what tells a right master key from a wrong one. */
export interface RepositorySample {
  readonly clusterUid: string;
  readonly namespace: string;
  /** Its files of keys in base64. Each is encrypted by a password of 256 bits, which a master key gives. */
  readonly keyFiles: readonly string[];
}
