import type { API_VERSION } from './api-resource.ts';
import type { Protection } from './protection.ts';

/** A namespace of the API's own cluster, and how well it is protected. */
export interface NamespaceResource {
  readonly apiVersion: typeof API_VERSION;
  readonly kind: 'Namespace';
  readonly metadata: { readonly name: string; readonly creationTimestamp: string };
  readonly status: {
    readonly protection: Protection;
    /** The newest good backup that has it as a whole. */
    readonly lastBackup?: {
      /** Both are left out where the caller may not see the backup. */
      readonly name?: string;
      readonly location?: string;
      readonly completionTimestamp: string;
      readonly ageSeconds: number;
    };
    /** The schedule that takes it most often; left out where the caller may not see that. */
    readonly schedule?: string;
  };
}

/** How many namespaces there are, by how well they are protected. */
export interface ProtectionCounts {
  readonly total: number;
  readonly covered: number;
  readonly stale: number;
  readonly uncovered: number;
}

export interface NamespaceResourceList {
  readonly apiVersion: typeof API_VERSION;
  readonly kind: 'NamespaceList';
  readonly metadata: {
    readonly continue?: string;
    /** Locations whose backups and schedules are missing here, since they do not answer. */
    readonly unread?: readonly string[];
  };
  /** Of all namespaces that the caller may see, whatever the page. */
  readonly counts: ProtectionCounts;
  readonly items: readonly NamespaceResource[];
}
