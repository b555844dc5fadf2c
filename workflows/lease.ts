import {
  CancellationScope,
  condition,
  log,
  setHandler,
  uuid4,
  workflowInfo,
} from '@temporalio/workflow';

import { compareText } from '../domain/compare-text.ts';
import { shortList } from '../domain/short-list.ts';
import type { LeasePurpose } from '../domain/volumes/lease-table.ts';
import { activitiesOf } from './activity-profiles.ts';
import { leaseGrantedSignal } from './contract.ts';
import { failureOf } from './failure.ts';
import { reportOf } from './run-tracker.ts';

/** Repositories that one activity asks. */
const ASKED_MAX = 100;
/** Pause before a repository that makes the run wait is asked again, in milliseconds; doubled until the maximum. */
const ASK_AGAIN_MS = 60_000;
const ASK_AGAIN_MAX_MS = 30 * 60_000;
/** Namespaces that the summary of an activity names. */
const NAMED_MAX = 3;

/** What a run needs leases for. */
export interface LeaseAsk {
  readonly cluster: string;
  readonly location: string;
  /** The cluster whose volumes are in the repositories, which a restore may read for another one. */
  readonly clusterUid: string;
  /** A repository for each; without any there is nothing to wait for. */
  readonly namespaces: readonly string[];
  readonly purpose: Exclude<LeasePurpose, 'Maintenance'>;
  /** How long the run may wait for others, in milliseconds. */
  readonly waitMs: number;
  readonly patienceMs?: number;
  readonly askAgainMs?: number;
  /** Says what the run waits for, and until when at the latest; without words the wait is over. */
  readonly onWait: (wait?: LeaseWait) => void;
}

export interface LeaseWait {
  readonly reason: string;
  readonly deadlineMs: number;
}

/** The epoch of each lease, by namespace. */
export type LeaseEpochs = ReadonlyMap<string, number>;

/**
 * Runs something while the run has a lease of each repository, and gives them back however that ends. One call at a
 * time in a workflow. All runs ask in the same order, so that no two wait for each other. Throws `repository-busy` when
 * the wait takes too long.
 */
export async function withLeases<Result>(
  ask: LeaseAsk,
  run: (epochs: LeaseEpochs) => Promise<Result>,
): Promise<Result> {
  const namespaces = [...new Set(ask.namespaces)].sort(compareText);
  const leaseId = `${workflowInfo().runId}/${uuid4()}`;
  const epochs = new Map<string, number>();
  setHandler(leaseGrantedSignal, (grant) => {
    if (grant.leaseId === leaseId) {
      epochs.set(grant.namespace, grant.epoch);
    }
  });
  try {
    await acquire({ ...ask, namespaces }, leaseId, epochs);
    return await run(epochs);
  } finally {
    await CancellationScope.nonCancellable(() => release({ ...ask, namespaces }, leaseId));
  }
}

/** Asks until the run has all leases. */
async function acquire(ask: LeaseAsk, leaseId: string, epochs: Map<string, number>): Promise<void> {
  const { cluster, location, clusterUid, purpose, onWait, patienceMs } = ask;
  const { workflowId, runId } = workflowInfo();
  const holder = { workflowId, runId };
  const deadlineMs = Date.now() + ask.waitMs;
  let pauseMs = ask.askAgainMs ?? ASK_AGAIN_MS;
  for (;;) {
    const missing = ask.namespaces.filter((namespace) => !epochs.has(namespace));
    if (missing.length === 0) {
      onWait();
      return;
    }
    const namespaces = missing.slice(0, ASKED_MAX);
    const { granted, queued } = await activitiesOf(cluster, patienceMs)
      .short(`Ask for the repositories of ${shortList(namespaces, NAMED_MAX)}`)
      .acquireLeases({ cluster, location, clusterUid, namespaces, leaseId, purpose, holder });
    granted.forEach(({ namespace, epoch }) => epochs.set(namespace, epoch));
    if (queued !== undefined) {
      const reason = `the repository of namespace ${queued.namespace} is in use by ${queued.behind}`;
      onWait({ reason, deadlineMs });
      const leftMs = Math.max(1, deadlineMs - Date.now());
      await condition(() => epochs.has(queued.namespace), Math.min(pauseMs, leftMs));
      if (!epochs.has(queued.namespace) && Date.now() >= deadlineMs) {
        throw failureOf({ code: 'repository-busy', message: reason, subject: queued.namespace });
      }
      pauseMs = Math.min(2 * pauseMs, ASK_AGAIN_MAX_MS);
    }
  }
}

/** What cannot be given back ends with the run: the repository looks at its holders when somebody waits. */
async function release(ask: LeaseAsk, leaseId: string): Promise<void> {
  const { cluster, location, clusterUid, patienceMs } = ask;
  try {
    for (let first = 0; first < ask.namespaces.length; first += ASKED_MAX) {
      const namespaces = ask.namespaces.slice(first, first + ASKED_MAX);
      await activitiesOf(cluster, patienceMs)
        .cleanUp('Give the repositories back')
        .releaseLeases({ location, clusterUid, namespaces, leaseId });
    }
  } catch (error) {
    log.warn('leases cannot be given back', { code: reportOf(error).code });
  }
}
