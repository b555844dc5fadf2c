import { recordTime } from '../duration.ts';
import { shortList } from '../short-list.ts';
import {
  leaseAnswer,
  type LeasePurpose,
  type LeaseRequest,
  type LeaseTable,
} from './lease-table.ts';

/** What the workflow of a repository says about it; answered by its status query. */
export interface RepositoryStatus {
  readonly leases: readonly LeaseStatus[];
  readonly waiting: readonly WaitingStatus[];
}

interface LeaseStatus {
  /** Id of the workflow that has it, or `the maintenance`. */
  readonly holder: string;
  readonly purpose: LeasePurpose;
  readonly epoch: number;
  /** RFC 3339. */
  readonly sinceTimestamp: string;
}

interface WaitingStatus extends Omit<LeaseStatus, 'epoch'> {
  /** Whom it waits for, in words. */
  readonly behind: string;
}

/** The leases of a repository, for people and programs. */
export function repositoryStatus(table: LeaseTable): RepositoryStatus {
  return {
    leases: table.held.map((lease) => ({ ...told(lease), epoch: lease.epoch })),
    waiting: table.waiting.map((lease) => {
      const answer = leaseAnswer(table, lease.leaseId);
      return { ...told(lease), behind: answer?.kind === 'queued' ? answer.behind : '' };
    }),
  };
}

function told({ purpose, holder, sinceMs }: LeaseRequest & { readonly sinceMs: number }) {
  return {
    holder: holder?.workflowId ?? 'the maintenance',
    purpose,
    sinceTimestamp: recordTime(sinceMs),
  };
}

/** The same in one line, for the Temporal UI. */
export function repositoryWords(table: LeaseTable): string {
  const { leases, waiting } = repositoryStatus(table);
  if (leases.length === 0) {
    return '**Not in use**';
  }
  const users = `**In use** · ${shortList(leases.map(({ holder }) => holder))}`;
  const queue = waiting.map(({ holder, behind }) => `${holder} (behind ${behind})`);
  return queue.length === 0 ? users : `${users} · waiting: ${shortList(queue)}`;
}
