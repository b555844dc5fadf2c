import { setImmediate as timersHaveRun, setTimeout as sleep } from 'node:timers/promises';

import {
  Connection,
  type ConnectionOptions,
  defaultGrpcRetryOptions,
  makeGrpcRetryInterceptor,
} from '@temporalio/client';

/** Longest pause between two attempts of a call, which has seconds at most, and between two to connect. */
const PAUSE_MAX_MS = 1000;

/** A connection to Temporal that can be closed while calls are under way. */
export interface TemporalLine {
  readonly connection: Connection;
  close(): Promise<void>;
}

/**
 * A connection that is made when it is needed. The client of Temporal repeats a failed call by a timer that nothing
 * stops, and throws where nobody can catch it if the connection is closed by then. So a line that is being closed has
 * no call repeated any more, and waits for what is about to be.
 */
export function openTemporal(options: ConnectionOptions): TemporalLine {
  const retry = defaultGrpcRetryOptions();
  let isClosing = false;
  let quietAtMs = 0;
  const interceptor = makeGrpcRetryInterceptor({
    retryableDecider: (attempt, status) => !isClosing && retry.retryableDecider(attempt, status),
    delayFunction: (attempt, status) => {
      const pauseMs = Math.min(retry.delayFunction(attempt, status), PAUSE_MAX_MS);
      quietAtMs = Math.max(quietAtMs, performance.now() + pauseMs);
      return pauseMs;
    },
  });
  const connection = Connection.lazy({
    ...options,
    interceptors: [interceptor],
    // gRPC's own is two minutes: a Temporal that was away for some would be back for as long before it is noticed.
    channelArgs: { ...options.channelArgs, 'grpc.max_reconnect_backoff_ms': PAUSE_MAX_MS },
  });
  return {
    connection,
    close: async () => {
      isClosing = true;
      // At least once: a timer that is due while others are at work runs before this one, but not before what is immediate.
      do {
        await sleep(Math.max(0, quietAtMs - performance.now()) + 1);
      } while (performance.now() <= quietAtMs);
      await timersHaveRun();
      await connection.close();
    },
  };
}
