import { recordTime } from '../duration.ts';
import type { FailureReport } from '../failure.ts';
import { shortList } from '../short-list.ts';
import {
  leaseAnswer,
  type LeasePurpose,
  type LeaseRequest,
  type LeaseTable,
} from './lease-table.ts';
import type { MaintenanceState, RoundEnd } from './maintenance-plan.ts';

/** What the workflow of a repository says about it; answered by its status query. */
export interface RepositoryStatus {
  readonly leases: readonly LeaseStatus[];
  readonly waiting: readonly WaitingStatus[];
  readonly maintenance: MaintenanceStatus;
}

interface MaintenanceStatus {
  /** What is done now, in words; left out between two rounds. */
  readonly step?: string;
  /** RFC 3339. */
  readonly nextTimestamp?: string;
  readonly last?: { readonly timestamp: string; readonly end: RoundEnd['kind'] };
  readonly lastFailure?: FailureReport & { readonly timestamp: string };
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

/** What the workflow of a repository knows. */
export interface RepositoryFacts {
  readonly table: LeaseTable;
  readonly maintenance: MaintenanceState;
  /** What the maintenance does now, in words. */
  readonly step?: string;
}

/** The state of a repository, for people and programs. */
export function repositoryStatus(facts: RepositoryFacts): RepositoryStatus {
  const { table } = facts;
  return {
    leases: table.held.map((lease) => ({ ...told(lease), epoch: lease.epoch })),
    waiting: table.waiting.map((lease) => {
      const answer = leaseAnswer(table, lease.leaseId);
      return { ...told(lease), behind: answer?.kind === 'queued' ? answer.behind : '' };
    }),
    maintenance: maintenanceStatus(facts),
  };
}

/** The same in one line, for the Temporal UI. */
export function repositoryWords(facts: RepositoryFacts): string {
  const { leases, waiting, maintenance } = repositoryStatus(facts);
  const { step, nextTimestamp, lastFailure } = maintenance;
  const queue = waiting.map(({ holder, behind }) => `${holder} (behind ${behind})`);
  return [
    leases.length === 0
      ? '**Free**'
      : `**In use** by ${shortList(leases.map(({ holder }) => holder))}`,
    ...(queue.length === 0 ? [] : [`waiting: ${shortList(queue)}`]),
    ...(step === undefined ? [] : [`maintenance: ${step}`]),
    ...(nextTimestamp === undefined ? [] : [`next maintenance ${nextTimestamp}`]),
    ...(lastFailure === undefined
      ? []
      : [`last failure ${lastFailure.timestamp}: ${lastFailure.message}`]),
  ].join(' · ');
}

function maintenanceStatus({ maintenance, step }: RepositoryFacts): MaintenanceStatus {
  const { dueMs, last, lastFailure } = maintenance;
  return {
    ...(step === undefined ? {} : { step }),
    ...(dueMs === undefined ? {} : { nextTimestamp: recordTime(dueMs) }),
    ...(last === undefined ? {} : { last: { timestamp: recordTime(last.atMs), end: last.end } }),
    ...(lastFailure === undefined
      ? {}
      : { lastFailure: { ...lastFailure.failure, timestamp: recordTime(lastFailure.atMs) } }),
  };
}

function told({ purpose, holder, sinceMs }: LeaseRequest & { readonly sinceMs: number }) {
  return {
    holder: holder?.workflowId ?? 'the maintenance',
    purpose,
    sinceTimestamp: recordTime(sinceMs),
  };
}
