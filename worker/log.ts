import { DefaultLogger, type LogEntry, Runtime } from '@temporalio/worker';

import type { MetricsListener } from '../domain/metrics-listener.ts';
import { metricsOptions } from './metrics.ts';

const LEVELS = ['TRACE', 'DEBUG', 'INFO', 'WARN', 'ERROR'] as const;
type Level = (typeof LEVELS)[number];

/** One JSON object per line on standard error: time, level, message and fields. */
export function writeLog(
  level: string,
  message: string,
  fields: Record<string, unknown> = {},
): void {
  const line = { time: new Date().toISOString(), level: level.toLowerCase(), msg: message };
  process.stderr.write(`${JSON.stringify({ ...line, ...fields }, plain)}\n`);
}

/** Sends the log of the Temporal SDK, and of everything that logs through it, the same way, and shows its metrics. */
export function installRuntime(
  level: string | undefined,
  listener: MetricsListener | undefined,
): void {
  const known = LEVELS.find((name) => name === level?.toUpperCase()) ?? ('INFO' satisfies Level);
  const logger = new DefaultLogger(known, ({ level: severity, message, meta }: LogEntry) => {
    writeLog(severity, message, { ...meta });
  });
  Runtime.install({
    logger,
    telemetryOptions: { logging: { filter: 'WARN', forward: {} }, ...metricsOptions(listener) },
  });
}

/** An error has no fields of its own that JSON shows; its message may quote what must not be logged. */
function plain(_key: string, value: unknown): unknown {
  if (value instanceof Error) {
    return value.name;
  }
  return typeof value === 'bigint' ? String(value) : value;
}
