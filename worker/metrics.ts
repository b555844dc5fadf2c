import {
  type ActivityInterceptorsFactory,
  Runtime,
  type TelemetryOptions,
} from '@temporalio/worker';

import type { Delivered, NotificationActivities } from '../activities/notification-contract.ts';
import type { MovedVolume, NodeActivities } from '../activities/volume-contract.ts';
import type { MetricsListener } from '../domain/metrics-listener.ts';

/** Up to an hour; Temporal's own end at a minute or ten seconds, and a worker that is away is missed for longer. */
const WAIT_BUCKETS_SECONDS = [0.01, 0.1, 0.5, 1, 5, 10, 30, 60, 300, 600, 3600];

/** What moves data of volumes, and in which direction. */
const DIRECTIONS = {
  copyVolume: 'backup',
  restoreVolume: 'restore',
} as const satisfies Partial<Record<keyof NodeActivities, string>>;

/** Shows the metrics of Temporal's SDK, and what is counted here, where Prometheus asks for them. */
export function metricsOptions(
  listener: MetricsListener | undefined,
): Pick<TelemetryOptions, 'metrics'> {
  if (listener === undefined) {
    return {};
  }
  const { host, port } = listener;
  return {
    metrics: {
      prometheus: {
        bindAddress: `${host.includes(':') ? `[${host}]` : host}:${String(port)}`,
        countersTotalSuffix: true,
        unitSuffix: true,
        useSecondsForDurations: true,
        histogramBucketOverrides: {
          activity_schedule_to_start_latency: WAIT_BUCKETS_SECONDS,
          workflow_task_schedule_to_start_latency: WAIT_BUCKETS_SECONDS,
        },
      },
    },
  };
}

/** Counts the volumes that an agent moves, as its activities end: attempts, so that what is tried twice counts twice. */
export function measureVolumes(): ActivityInterceptorsFactory {
  const meter = Runtime.instance().metricMeter;
  const volumes = meter.createCounter('holdfast_volumes', '', 'Attempts to move data of a volume.');
  const bytes = meter.createCounter('holdfast_volume_bytes', 'bytes', 'Data of moved volumes.');
  for (const direction of Object.values(DIRECTIONS)) {
    bytes.add(0, { direction });
    for (const outcome of ['moved', 'failed']) {
      volumes.add(0, { direction, outcome });
    }
  }
  return ({ info: { activityType } }) => ({
    inbound: {
      async execute(input, next) {
        const direction = new Map<string, string>(Object.entries(DIRECTIONS)).get(activityType);
        if (direction === undefined) {
          return next(input);
        }
        try {
          // The two activities of that name answer so.
          const moved = (await next(input)) as MovedVolume;
          volumes.add(1, { direction, outcome: 'moved' });
          bytes.add(moved.bytes, { direction });
          return moved;
        } catch (error) {
          volumes.add(1, { direction, outcome: 'failed' });
          throw error;
        }
      },
    },
  });
}

/** What sends notifications, and what gives one up. */
const DELIVERY = 'deliverNotification' satisfies keyof NotificationActivities;
const GIVING_UP = 'giveUpNotification' satisfies keyof NotificationActivities;
const OUTCOMES = ['delivered', 'failed', 'given_up'] as const;

/** Counts the attempts to send notifications by endpoint and outcome, and those that are given up. */
export function measureNotifications(): ActivityInterceptorsFactory {
  const attempts = Runtime.instance().metricMeter.createCounter(
    'holdfast_notifications',
    '',
    'Attempts to deliver a notification, and notifications that were given up.',
  );
  const count = (endpoint: string, outcome: (typeof OUTCOMES)[number]): void => {
    // An increase of one outcome is seen from the first on when the others are there.
    OUTCOMES.forEach((each) => {
      attempts.add(each === outcome ? 1 : 0, { endpoint, outcome: each });
    });
  };
  return ({ info: { activityType } }) => ({
    inbound: {
      async execute(input, next) {
        if (activityType !== DELIVERY && activityType !== GIVING_UP) {
          return next(input);
        }
        // Both activities take the name of the endpoint.
        const [{ endpoint }] = input.args as [{ readonly endpoint: string }];
        try {
          const answer = await next(input);
          if (activityType === GIVING_UP) {
            count(endpoint, 'given_up');
            // The activity of that name answers so.
          } else if ((answer as Delivered).outcome === 'Delivered') {
            count(endpoint, 'delivered');
          }
          return answer;
        } catch (error) {
          if (activityType === DELIVERY) {
            count(endpoint, 'failed');
          }
          throw error;
        }
      },
    },
  });
}
