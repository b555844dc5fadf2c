import { join } from 'node:path';

export interface TemporalServerOptions {
  readonly port: number;
  /** Where its database is. */
  readonly folder: string;
  /** Where it serves its metrics; left out, nowhere that is known. */
  readonly metricsPort?: number | undefined;
  /** Events after which it suggests to continue as new, if not its own thousands. */
  readonly eventsSuggested?: number | undefined;
  /** Seconds after which it says that a version of workers has no run left, if not its own minutes. */
  readonly drainSeconds?: number | undefined;
}

/** Settings of the server. */
const SUGGESTION = 'limit.historyCount.suggestContinueAsNew';
const DRAINAGE = ['VisibilityGracePeriod', 'RefreshInterval'].map(
  (name) => `matching.wv.VersionDrainageStatus${name}`,
);

/** The command of a Temporal server for a test: its database outlives it, and it knows Holdfast's search attributes. */
export function temporalServer(options: TemporalServerOptions): {
  command: string;
  args: string[];
} {
  const { port, folder, metricsPort, eventsSuggested, drainSeconds } = options;
  return {
    command: process.env['HOLDFAST_TEMPORAL_CLI'] ?? 'temporal',
    args: [
      ...['server', 'start-dev', '--headless', '--ip', '127.0.0.1', '--log-level', 'error'],
      ...['--port', String(port)],
      ...(metricsPort === undefined ? [] : ['--metrics-port', String(metricsPort)]),
      ...['--db-filename', join(folder, 'temporal.db')],
      ...['--sqlite-pragma', 'journal_mode=WAL', '--sqlite-pragma', 'synchronous=OFF'],
      ...(eventsSuggested === undefined
        ? []
        : ['--dynamic-config-value', `${SUGGESTION}=${String(eventsSuggested)}`]),
      ...(drainSeconds === undefined ? [] : DRAINAGE).flatMap((name) => [
        ...['--dynamic-config-value', `${name}="${String(drainSeconds)}s"`],
      ]),
      ...['Kind', 'Name', 'Cluster', 'Phase'].flatMap((name) => [
        '--search-attribute',
        `Holdfast${name}=Keyword`,
      ]),
    ],
  };
}
