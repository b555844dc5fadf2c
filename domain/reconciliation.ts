import type { API_VERSION } from './api-resource.ts';
import type { FailureReport } from './failure.ts';
import type { FoundOrphans, Orphan } from './orphan.ts';

/** What a reconciliation does with what it finds. */
export const REMOVALS = ['None', 'All'] as const;
export const RECONCILIATION_PHASES = ['InProgress', 'Completed', 'Failed'] as const;

/** A look for what dead runs of a cluster have left in a location. */
export interface ReconciliationResource {
  readonly apiVersion: typeof API_VERSION;
  readonly kind: 'Reconciliation';
  readonly metadata: {
    readonly location: string;
    readonly uid: string;
    readonly creationTimestamp: string;
  };
  readonly spec: { readonly cluster: string; readonly removal: (typeof REMOVALS)[number] };
  readonly status: Partial<Omit<FoundOrphans, 'orphans'>> & {
    readonly phase: (typeof RECONCILIATION_PHASES)[number];
    /** Each with what its removal does, where it can be removed. */
    readonly orphans?: readonly (Orphan & { readonly removal?: string })[];
    readonly failure?: FailureReport;
  };
}

/** Body of `POST /reconciliations`; what is left out gets its default. */
export interface CreateReconciliationRequest {
  readonly spec?: Partial<ReconciliationResource['spec']>;
}
