import { Failure } from './failure.ts';
import { settingOf } from './settings.ts';

/** Where a process shows its metrics. */
export interface MetricsListener {
  readonly host: string;
  readonly port: number;
}

const PORT_MAX = 65_535;

/** Reads where metrics are shown; undefined where they are not. Throws `invalid-request` that names the variable. */
export function metricsListenerOf(
  env: Readonly<Record<string, string | undefined>>,
): MetricsListener | undefined {
  const text = env['HOLDFAST_METRICS_PORT'];
  if (text === undefined || text === '') {
    return undefined;
  }
  const port = Number(text);
  if (!Number.isInteger(port) || port < 1 || port > PORT_MAX) {
    const message = 'HOLDFAST_METRICS_PORT must be a port number';
    throw new Failure('invalid-request', message, { subject: 'HOLDFAST_METRICS_PORT' });
  }
  return { host: settingOf(env, 'HOLDFAST_METRICS_HOST'), port };
}
