import { shortList } from '../short-list.ts';

/**
 * What a lease of a repository is for. It decides whether others may have one at the same time, and who comes first of
 * those that wait.
 */
export const LEASE_PURPOSES = {
  Restore: { isExclusive: false, isFirst: true },
  Backup: { isExclusive: false, isFirst: false },
  Maintenance: { isExclusive: true, isFirst: false },
} as const satisfies Record<string, { isExclusive: boolean; isFirst: boolean }>;

export type LeasePurpose = keyof typeof LEASE_PURPOSES;

/** Leases of others than the repository itself, held and waiting: the state stays under 64 KiB. */
const LEASES_MAX = 100;
/** Leases that have ended are remembered so long, and so many of them: an ask that comes late gets none of them again. */
const ENDED_KEPT_MS = 60 * 60_000;
const ENDED_MAX = 100;
/** Names that a lease which waits is told. */
const NAMES_MAX = 3;

/** A run of a workflow that holds leases. */
export interface LeaseHolder {
  readonly workflowId: string;
  readonly runId: string;
}

export interface LeaseRequest {
  /** Never used for another lease of the repository. */
  readonly leaseId: string;
  readonly purpose: LeasePurpose;
  /** Left out for the repository's own maintenance. */
  readonly holder?: LeaseHolder;
}

interface WaitingLease extends LeaseRequest {
  /** Milliseconds since 1970. */
  readonly sinceMs: number;
}

export interface Lease extends WaitingLease {
  /** Grows with every lease of the repository, so that a later one is known from an earlier one. */
  readonly epoch: number;
}

/** Who may use a repository. A plain value, so that it can be handed on. */
export interface LeaseTable {
  readonly lastEpoch: number;
  readonly held: readonly Lease[];
  /** In the order in which they asked. */
  readonly waiting: readonly WaitingLease[];
  /** Given back lately, the oldest first. */
  readonly ended: readonly { readonly leaseId: string; readonly atMs: number }[];
}

export type LeaseAnswer =
  | { readonly kind: 'granted'; readonly epoch: number }
  /** `behind` names for people what is waited for. */
  | { readonly kind: 'queued'; readonly behind: string };

/** When something happens to a table. */
export interface LeaseMoment {
  readonly nowMs: number;
  /** How long an exclusive lease waits before no shared one that comes later passes it; restores always do. */
  readonly patienceMs: number;
}

/** A table after something happened, and the leases that were granted by that. */
export interface LeaseChange {
  readonly table: LeaseTable;
  readonly granted: readonly Lease[];
}

/** A table without leases, whose epochs come after one. */
export function newLeaseTable(lastEpoch: number): LeaseTable {
  return { lastEpoch, held: [], waiting: [], ended: [] };
}

/** Why a request gets no lease, now or ever; undefined if it may ask. */
export function leaseRefusal(
  { held, waiting, ended }: LeaseTable,
  { leaseId, holder }: LeaseRequest,
): 'Full' | 'Ended' | undefined {
  if (ended.some((known) => known.leaseId === leaseId)) {
    return 'Ended';
  }
  const others = [...held, ...waiting].filter((lease) => lease.holder !== undefined);
  const isKnown = others.some((lease) => lease.leaseId === leaseId);
  return !isKnown && holder !== undefined && others.length >= LEASES_MAX ? 'Full' : undefined;
}

/** What is to be said of a lease; undefined if nobody has asked for it, or it has ended. */
export function leaseAnswer(table: LeaseTable, leaseId: string): LeaseAnswer | undefined {
  const lease = table.held.find((held) => held.leaseId === leaseId);
  if (lease !== undefined) {
    return { kind: 'granted', epoch: lease.epoch };
  }
  const waiting = table.waiting.find((known) => known.leaseId === leaseId);
  return waiting === undefined ? undefined : { kind: 'queued', behind: behind(table, waiting) };
}

/** Asks for a lease. Asking again changes nothing, nor does a request that is refused. */
export function askLease(
  table: LeaseTable,
  request: LeaseRequest,
  moment: LeaseMoment,
): LeaseChange {
  const isKnown = leaseAnswer(table, request.leaseId) !== undefined;
  if (isKnown || leaseRefusal(table, request) !== undefined) {
    return { table, granted: [] };
  }
  const waiting = [...table.waiting, { ...request, sinceMs: moment.nowMs }];
  return settle({ ...table, waiting }, moment);
}

/** Ends a lease, whether it is held, waits, or was never asked for. */
export function endLease(table: LeaseTable, leaseId: string, moment: LeaseMoment): LeaseChange {
  return endWhere(table, (lease) => lease.leaseId === leaseId, {
    moment,
    leaseIds: [leaseId],
  });
}

/** Ends every lease of runs that have closed. */
export function endLeasesOf(
  table: LeaseTable,
  closed: readonly LeaseHolder[],
  moment: LeaseMoment,
): LeaseChange {
  const runIds = new Set(closed.map(({ runId }) => runId));
  const isClosed = ({ holder }: LeaseRequest): boolean =>
    holder !== undefined && runIds.has(holder.runId);
  const leaseIds = [...table.held, ...table.waiting].filter(isClosed).map(({ leaseId }) => leaseId);
  return endWhere(table, isClosed, { moment, leaseIds });
}

/** The runs that hold leases or wait for some, each once. */
export function leaseHolders({ held, waiting }: LeaseTable): LeaseHolder[] {
  const holders = [...held, ...waiting].flatMap(({ holder }) => holder ?? []);
  return [...new Map(holders.map((holder) => [holder.runId, holder])).values()];
}

function endWhere(
  table: LeaseTable,
  ends: (lease: LeaseRequest) => boolean,
  { moment, leaseIds }: { readonly moment: LeaseMoment; readonly leaseIds: readonly string[] },
): LeaseChange {
  const atMs = moment.nowMs;
  const known = new Set(leaseIds);
  const ended = [
    ...table.ended.filter((end) => !known.has(end.leaseId) && atMs - end.atMs < ENDED_KEPT_MS),
    ...leaseIds.map((leaseId) => ({ leaseId, atMs })),
  ].slice(-ENDED_MAX);
  const held = table.held.filter((lease) => !ends(lease));
  const waiting = table.waiting.filter((lease) => !ends(lease));
  return settle({ ...table, held, waiting, ended }, moment);
}

/** Grants what can be granted: restores first, and then in the order in which they asked. */
function settle(table: LeaseTable, moment: LeaseMoment): LeaseChange {
  const order = [
    ...table.waiting.filter(({ purpose }) => LEASE_PURPOSES[purpose].isFirst),
    ...table.waiting.filter(({ purpose }) => !LEASE_PURPOSES[purpose].isFirst),
  ];
  const granted: Lease[] = [];
  let { held, waiting, lastEpoch } = table;
  for (const next of order) {
    if (isGrantable(next, { held, waiting }, moment)) {
      lastEpoch += 1;
      const lease = { ...next, sinceMs: moment.nowMs, epoch: lastEpoch };
      granted.push(lease);
      held = [...held, lease];
      waiting = waiting.filter((lease) => lease !== next);
    }
  }
  return { table: { ...table, held, waiting, lastEpoch }, granted };
}

function isGrantable(
  { purpose }: WaitingLease,
  { held, waiting }: Pick<LeaseTable, 'held' | 'waiting'>,
  { nowMs, patienceMs }: LeaseMoment,
): boolean {
  const { isExclusive, isFirst } = LEASE_PURPOSES[purpose];
  if (isExclusive) {
    return held.length === 0;
  }
  if (held.some(isExclusiveLease)) {
    return false;
  }
  return (
    isFirst ||
    !waiting.some((lease) => isExclusiveLease(lease) && nowMs - lease.sinceMs >= patienceMs)
  );
}

function isExclusiveLease({ purpose }: LeaseRequest): boolean {
  return LEASE_PURPOSES[purpose].isExclusive;
}

function behind({ held, waiting }: LeaseTable, lease: WaitingLease): string {
  const blocking = isExclusiveLease(lease) ? held : held.filter(isExclusiveLease);
  if (blocking.length > 0) {
    return namesOf(blocking);
  }
  return `${namesOf(waiting.filter(isExclusiveLease))}, which waits for ${namesOf(held)}`;
}

function namesOf(leases: readonly LeaseRequest[]): string {
  const names = leases.map(({ holder }) => holder?.workflowId ?? 'the maintenance');
  return shortList([...new Set(names)], NAMES_MAX);
}
