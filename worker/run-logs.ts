import type { ActivityInterceptorsFactory } from '@temporalio/worker';

import { logActivity } from '../activities/run-log/logged-activity.ts';
import { RunLogs } from '../activities/run-log/run-logs.ts';
import type { ObjectStore } from '../storage/object-store/port.ts';
import { writeLog } from './log.ts';

/** Has what the activities of runs tell stored as the log of their run. */
export function keepRunLogs(
  store: (location: string) => ObjectStore,
  node?: string,
): ActivityInterceptorsFactory {
  const logs = new RunLogs({
    store,
    onLost: ({ kind, location, name }, lines) => {
      const run = { kind, location, name };
      writeLog('warn', 'lines of the log of a run are not stored', { ...run, lines });
    },
  });
  return ({ info }) => ({
    inbound: {
      execute(input, next) {
        const { activityType, attempt, workflowExecution } = info;
        const made = {
          ...{ activityType, attempt, workflowId: workflowExecution?.workflowId ?? '' },
          input: input.args[0],
          ...(node === undefined ? {} : { node }),
        };
        return logActivity(logs, made, () => next(input));
      },
    },
  });
}
