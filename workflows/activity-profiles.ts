import { type ActivityOptions, proxyActivities } from '@temporalio/workflow';

import type { ClusterActivities } from '../activities/contract.ts';
import type { NotificationActivities } from '../activities/notification-contract.ts';
import type { NodeActivities } from '../activities/volume-contract.ts';
import { nonRetryableTypes } from '../domain/failure.ts';
import { GROWTH, type RetryPlan } from '../domain/notifications/retry-plan.ts';
import { clusterTaskQueue, nodeTaskQueue, notificationTaskQueue } from '../domain/workflow-id.ts';
import { PATIENCE_MS } from './contract.ts';

/** Pause before the second attempt, in milliseconds; doubled until the maximum. */
const RETRY_FIRST_MS = 500;
const RETRY_MAX_MS = 15_000;
/** A worker that says nothing for so long is taken for dead. */
const HEARTBEAT_TIMEOUT_MS = 60_000;
/** Longest that one attempt of a short step takes, and of one that moves data. */
const SHORT_ATTEMPT_MS = 60_000;
const LONG_ATTEMPT_MS = 4 * 3_600_000;
const COPY_ATTEMPT_MS = 24 * 3_600_000;
/** Longer than a receiver may take to answer. */
const NOTIFY_ATTEMPT_MS = 30_000;
/** Longest that one attempt takes to wait for what users have, each wait having a deadline of its own. */
const PATIENT_ATTEMPT_MS = 7 * 24 * 3_600_000;

/** Of Temporal's priorities, which go from 1 to 5; others have 3. A server that knows none takes all in their order. */
const URGENT = 1;

/** The activities of a cluster, by profile; the summary is what the Temporal UI shows beside the activity. */
export type Activities = Readonly<
  Record<'short' | 'long' | 'patient' | 'cleanUp', (summary: string) => ClusterActivities>
>;

/** The activities of one cluster's workers. `patienceMs` has its default when left out. */
export function activitiesOf(cluster: string, patienceMs = PATIENCE_MS): Activities {
  const input = { cluster, patienceMs };
  const by = (options: ActivityOptions) => (summary: string) =>
    proxyActivities<ClusterActivities>({ ...options, summary });
  return {
    short: by(shortStep(input)),
    long: by(longStep(input)),
    patient: by({ ...longStep(input), startToCloseTimeout: PATIENT_ATTEMPT_MS }),
    cleanUp: by(cleanUpStep(input)),
  };
}

/**
 * The activities of one node's agent. A copy that the agent does not take in `queueWaitMs` ends with a timeout from
 * schedule to start: the node may be gone, or busy.
 */
export function nodeActivitiesOf(
  input: ProfileInput & {
    readonly node: string;
    readonly queueWaitMs: number;
    /** Whether the agent takes it before other work that waits for it. */
    readonly isUrgent?: boolean;
  },
): (summary: string) => NodeActivities {
  const options: ActivityOptions = {
    ...longStep(input),
    taskQueue: nodeTaskQueue(input.cluster, input.node),
    startToCloseTimeout: COPY_ATTEMPT_MS,
    scheduleToStartTimeout: input.queueWaitMs,
    ...(input.isUrgent === true ? { priority: { priorityKey: URGENT } } : {}),
  };
  return (summary) => proxyActivities<NodeActivities>({ ...options, summary });
}

/**
 * The activities that send notifications. Each attempt ends soon; the plan says how often it is made, and the activity
 * itself how long until the next.
 */
export function notificationActivitiesOf({
  cluster,
  plan,
}: {
  readonly cluster: string;
  readonly plan: RetryPlan;
}): (summary: string) => NotificationActivities {
  const options: ActivityOptions = {
    taskQueue: notificationTaskQueue(cluster),
    startToCloseTimeout: NOTIFY_ATTEMPT_MS,
    retry: {
      initialInterval: plan.firstMs,
      backoffCoefficient: GROWTH,
      maximumInterval: plan.maxMs,
      maximumAttempts: plan.attempts,
      nonRetryableErrorTypes: nonRetryableTypes(),
    },
  };
  return (summary) => proxyActivities<NotificationActivities>({ ...options, summary });
}

interface ProfileInput {
  readonly cluster: string;
  /** How long the step keeps trying when a server does not answer, in milliseconds. */
  readonly patienceMs: number;
}

/** For steps that end within seconds: validation, planning of what to do, the record. */
function shortStep(input: ProfileInput): ActivityOptions {
  return {
    ...base(input),
    startToCloseTimeout: SHORT_ATTEMPT_MS,
    scheduleToCloseTimeout: input.patienceMs,
  };
}

/**
 * For steps that move data. Patience bounds the attempts and not the time: a step that makes progress may take
 * hours, one that fails is tried again for about as long as the patience says. A step that is cancelled has ended
 * before the workflow goes on, so that nothing is written behind the back of the report and the clean-up.
 */
function longStep(input: ProfileInput): ActivityOptions {
  const options = base(input);
  return {
    ...options,
    startToCloseTimeout: LONG_ATTEMPT_MS,
    heartbeatTimeout: HEARTBEAT_TIMEOUT_MS,
    // The SDK's documents call this the default; what is left out is encoded as `TRY_CANCEL`.
    cancellationType: 'WAIT_CANCELLATION_COMPLETED',
    retry: { ...options.retry, maximumAttempts: attemptsWithin(input.patienceMs) },
  };
}

/** For clean-up that must happen: tried for longer than what it cleans up after. */
function cleanUpStep(input: ProfileInput): ActivityOptions {
  return shortStep({ ...input, patienceMs: 2 * input.patienceMs });
}

function base({ cluster }: ProfileInput) {
  return {
    taskQueue: clusterTaskQueue(cluster),
    retry: {
      initialInterval: RETRY_FIRST_MS,
      backoffCoefficient: 2,
      maximumInterval: RETRY_MAX_MS,
      nonRetryableErrorTypes: nonRetryableTypes(),
    },
  } satisfies ActivityOptions;
}

/** How many attempts fit into a time when each fails at once. */
function attemptsWithin(patienceMs: number): number {
  let attempts = 1;
  let pauseMs = RETRY_FIRST_MS;
  for (let spentMs = 0; spentMs + pauseMs <= patienceMs; attempts++) {
    spentMs += pauseMs;
    pauseMs = Math.min(pauseMs * 2, RETRY_MAX_MS);
  }
  return Math.max(attempts, 2);
}
