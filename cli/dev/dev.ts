import { fileURLToPath } from 'node:url';
import { setTimeout as sleep } from 'node:timers/promises';

import type { ServerStatus } from '../../domain/server-status.ts';
import { EXIT } from '../exit-codes.ts';
import { Child, type ChildSpec } from './child.ts';
import { type LocationOptions, locationOf, locationsJson } from './environment.ts';
import { planTemporal, type TemporalServer } from './temporal.ts';

/** How long everything may take to be ready; compiling the workflows takes most of it. */
const READY_WAIT_MS = 120_000;
const READY_POLL_MS = 200;

export interface DevOptions extends LocationOptions {
  readonly temporalAddress?: string;
  readonly temporalUi?: string;
  readonly port: number;
  readonly cluster: string;
  readonly kubeconfig?: string;
  readonly context?: string;
  readonly dataDir: string;
  readonly verbose?: true;
}

/** Runs everything until the process is asked to end. */
export async function runDev(options: DevOptions): Promise<void> {
  const temporal =
    options.temporalAddress === undefined ? await planTemporal(options.dataDir) : undefined;
  const address = options.temporalAddress ?? temporal?.address ?? '';
  const uiUrl = options.temporalUi ?? temporal?.uiUrl;
  const env = environment(options, address, uiUrl);
  const children = childSpecs(options, env, temporal).map((spec) => new Child(spec));
  const ended = endOnSignal(children);
  for (const child of children) {
    child.start();
  }
  const server = `http://127.0.0.1:${String(options.port)}`;
  if (!(await isReady(server, children))) {
    const tails = children.map((child) => child.tail).filter((tail) => tail !== '');
    process.stderr.write(`holdfast: not everything could be started\n${tails.join('\n---\n')}\n`);
    await endAll(children);
    process.exit(EXIT.error);
  }
  process.stdout.write(
    [
      `API          ${server}`,
      `Temporal     ${address}${uiUrl === undefined ? '' : `, UI at ${uiUrl}`}`,
      `Location     ${options.location}`,
      `Try          holdfast --help, or: holdfast backup create first --wait --server ${server}`,
      '',
    ].join('\n'),
  );
  await Promise.race([ended, endWhenGivenUp(children)]);
}

function environment(
  options: DevOptions,
  address: string,
  uiUrl: string | undefined,
): NodeJS.ProcessEnv {
  return {
    ...process.env,
    TEMPORAL_ADDRESS: address,
    HOLDFAST_LOCATIONS: locationsJson(locationOf(options)),
    HOLDFAST_CLUSTER: options.cluster,
    HOLDFAST_API_PORT: String(options.port),
    // Nobody else sends requests to it.
    HOLDFAST_DRAIN: '0s',
    HOLDFAST_LOG_LEVEL: logLevel(process.env['HOLDFAST_LOG_LEVEL']),
    ...(uiUrl === undefined ? {} : { HOLDFAST_TEMPORAL_UI_URL: uiUrl }),
    ...(options.kubeconfig === undefined ? {} : { KUBECONFIG: options.kubeconfig }),
    ...(options.context === undefined ? {} : { HOLDFAST_KUBE_CONTEXT: options.context }),
  };
}

/** Children say on the level of information that they are ready, so they must not be quieter. */
function logLevel(asked: string | undefined): string {
  return asked === 'debug' || asked === 'trace' ? asked : 'info';
}

/** The processes in the order of their start; they end in the other direction. */
function childSpecs(
  options: DevOptions,
  env: NodeJS.ProcessEnv,
  temporal: TemporalServer | undefined,
): ChildSpec[] {
  const isVerbose = options.verbose === true;
  const node = (name: string, entry: string, readyText: string): ChildSpec => ({
    readyText,
    name,
    command: process.execPath,
    // A small nursery and few arenas: garbage of listings is collected soon, and memory stays flat.
    args: ['--max-semi-space-size=8', fileURLToPath(new URL(`../../${entry}`, import.meta.url))],
    env: { MALLOC_ARENA_MAX: '2', ...env, ...(name === 'worker' ? nextMetricsPort(env) : {}) },
    isNode: true,
    isVerbose,
  });
  return [
    ...(temporal === undefined
      ? []
      : [{ name: 'temporal', ...temporal, env, isNode: false, isVerbose, readyText: '' }]),
    node('worker', 'worker/main.ts', 'worker ready'),
    node('api', 'api/server.ts', 'Server listening'),
  ];
}

/** Two processes cannot show their metrics on one port. */
function nextMetricsPort({ HOLDFAST_METRICS_PORT: port }: NodeJS.ProcessEnv): NodeJS.ProcessEnv {
  return port === undefined ? {} : { HOLDFAST_METRICS_PORT: String(Number(port) + 1) };
}

async function isReady(server: string, children: readonly Child[]): Promise<boolean> {
  const deadline = Date.now() + READY_WAIT_MS;
  while (Date.now() < deadline && !children.some((child) => child.hasGivenUp)) {
    const isUp = children.every((child) => child.isReady) && (await answers(`${server}/readyz`));
    if (isUp && (await hasWorkers(server))) {
      return true;
    }
    await sleep(READY_POLL_MS);
  }
  return false;
}

async function answers(url: string): Promise<boolean> {
  try {
    return (await fetch(url, { signal: AbortSignal.timeout(5000) })).ok;
  } catch {
    return false;
  }
}

/** Whether the worker has asked for work: a run is refused before. An API that asks who we are does not say, and may be up. */
async function hasWorkers(server: string): Promise<boolean> {
  try {
    const response = await fetch(`${server}/api/v1/status`, { signal: AbortSignal.timeout(5000) });
    if (response.status === 401 || response.status === 403) {
      return true;
    }
    // The API of this very release.
    const { taskQueues } = (await response.json()) as ServerStatus;
    return (['workflows', 'cluster'] as const).every((asked) =>
      taskQueues.some(({ role, workers = 0 }) => role === asked && workers > 0),
    );
  } catch {
    return false;
  }
}

/** The first signal ends everything in order, the second at once. */
function endOnSignal(children: readonly Child[]): Promise<void> {
  return new Promise((resolve) => {
    let signals = 0;
    const onSignal = (): void => {
      signals += 1;
      if (signals === 1) {
        process.stderr.write('holdfast: ending\n');
        void endAll(children).then(() => {
          resolve();
          process.exit(EXIT.ok);
        });
        return;
      }
      for (const child of children) {
        child.kill();
      }
      process.exit(EXIT.interrupted);
    };
    process.on('SIGINT', onSignal);
    process.on('SIGTERM', onSignal);
  });
}

/** Half of Holdfast is worse than none: whoever started it must hear that it does not work. */
async function endWhenGivenUp(children: readonly Child[]): Promise<void> {
  for (;;) {
    const dying = children.find((child) => child.hasGivenUp);
    if (dying !== undefined) {
      process.stderr.write(
        `holdfast: ERROR: ${dying.name} keeps dying, so everything is ended; its last lines:\n${dying.tail}\n`,
      );
      await endAll(children);
      process.exit(EXIT.error);
    }
    await sleep(READY_POLL_MS);
  }
}

async function endAll(children: readonly Child[]): Promise<void> {
  for (const child of children) {
    child.expectEnd();
  }
  for (const child of [...children].reverse()) {
    await child.end();
  }
}
