import {
  ApplicationFailure,
  CancellationScope,
  condition,
  getExternalWorkflowHandle,
  isCancellation,
  log,
  setHandler,
  uuid4,
} from '@temporalio/workflow';

import type { FailureReport } from '../domain/failure.ts';
import {
  askLease,
  endLease,
  endLeasesOf,
  type Lease,
  leaseAnswer,
  type LeaseChange,
  type LeaseHolder,
  type LeaseMoment,
  leaseRefusal,
  type LeaseRequest,
  type LeaseTable,
} from '../domain/volumes/lease-table.ts';
import {
  acquireLeaseUpdate,
  LEASE_KNOWN,
  leaseGrantedSignal,
  releaseLeaseSignal,
} from './contract.ts';
import { failureOf } from './failure.ts';

const REFUSALS: Readonly<Record<'Full' | 'Ended', FailureReport>> = {
  Full: { code: 'repository-busy', message: 'too many runs use the repository or wait for it' },
  Ended: { code: 'already-finished', message: 'the lease was given back before it was asked for' },
};

/** The leases of the repository whose workflow it is. */
export interface LeaseKeeper {
  /** Begins to answer; what has come before is answered within the call. */
  readonly listen: () => void;
  readonly table: () => LeaseTable;
  /** When a lease was asked for or ended last, in milliseconds since 1970. */
  readonly changedMs: () => number;
  /** Whether a holder could not be told of its lease, which says that its run may have closed. */
  readonly hasLostHolder: () => boolean;
  readonly forgetLostHolder: () => void;
  /** Ends the leases of runs that have closed. */
  readonly endOf: (closed: readonly LeaseHolder[]) => Promise<void>;
  /** Runs something while the repository has itself for its own; false if it was in use for too long. */
  readonly alone: (waitMs: number, run: () => Promise<void>) => Promise<boolean>;
}

interface Keep {
  /** The namespace whose repository it is. */
  readonly namespace: string;
  readonly table: LeaseTable;
  readonly changedMs: number;
  readonly patienceMs: number;
  /** Called with the leases that were granted. */
  readonly onChange: (granted: readonly Lease[]) => void;
}

/**
 * Answers who asks for a lease, takes leases back, and tells those that waited. An ask that changes nothing is answered
 * by the validator, so that it leaves nothing in the history, however often a holder asks again.
 */
export function keepLeases(keep: Keep): LeaseKeeper {
  let { table, changedMs } = keep;
  let hasLostHolder = false;

  function change(by: (moment: LeaseMoment) => LeaseChange): readonly Lease[] {
    changedMs = Date.now();
    const { table: next, granted } = by({ nowMs: changedMs, patienceMs: keep.patienceMs });
    table = next;
    keep.onChange(granted);
    return granted;
  }

  async function end(by: (moment: LeaseMoment) => LeaseChange): Promise<void> {
    const told = await Promise.all(change(by).map((lease) => tell(keep.namespace, lease)));
    hasLostHolder ||= told.includes(false);
  }

  return {
    listen: () => {
      setHandler(
        acquireLeaseUpdate,
        (request) => {
          change((moment) => askLease(table, request, moment));
          const answer = leaseAnswer(table, request.leaseId);
          if (answer === undefined) {
            // Another ask of the same moment took the last place.
            throw failureOf(REFUSALS.Full);
          }
          return answer;
        },
        {
          validator: (request: LeaseRequest) => {
            admit(table, request);
          },
        },
      );
      setHandler(releaseLeaseSignal, (leaseId) =>
        end((moment) => endLease(table, leaseId, moment)),
      );
    },
    table: () => table,
    changedMs: () => changedMs,
    hasLostHolder: () => hasLostHolder,
    forgetLostHolder: () => {
      hasLostHolder = false;
    },
    endOf: (closed) => end((moment) => endLeasesOf(table, closed, moment)),
    alone: async (waitMs, run) => {
      const leaseId = `maintenance/${uuid4()}`;
      const isHeld = (): boolean => leaseAnswer(table, leaseId)?.kind === 'granted';
      try {
        change((moment) => askLease(table, { leaseId, purpose: 'Maintenance' }, moment));
        const isAlone = await condition(isHeld, waitMs);
        if (isAlone) {
          await run();
        }
        return isAlone;
      } finally {
        await CancellationScope.nonCancellable(() =>
          end((moment) => endLease(table, leaseId, moment)),
        );
      }
    },
  };
}

/** Lets through what changes the table. Throws why it may not, or the answer if there is one. */
function admit(table: LeaseTable, request: LeaseRequest): void {
  const refusal = leaseRefusal(table, request);
  if (refusal !== undefined) {
    throw failureOf(REFUSALS[refusal]);
  }
  const answer = leaseAnswer(table, request.leaseId);
  if (answer !== undefined) {
    throw ApplicationFailure.create({
      message: 'the lease is known',
      type: LEASE_KNOWN,
      details: [answer],
    });
  }
}

/** Tells a holder that it has its lease; false if it cannot be told. It asks again by itself, should this be lost. */
async function tell(namespace: string, { leaseId, epoch, holder }: Lease): Promise<boolean> {
  if (holder === undefined) {
    return true;
  }
  try {
    await getExternalWorkflowHandle(holder.workflowId, holder.runId).signal(leaseGrantedSignal, {
      leaseId,
      namespace,
      epoch,
    });
    return true;
  } catch (error) {
    if (isCancellation(error)) {
      throw error;
    }
    log.info('a holder of a lease cannot be told', { holder: holder.workflowId });
    return false;
  }
}
