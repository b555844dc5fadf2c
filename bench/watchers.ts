import { setTimeout as sleep } from 'node:timers/promises';

import type { BackupResource } from '../domain/api-resource.ts';
import { CONFIG_MAP, fillNamespace } from '../test/support/cluster-fixture.ts';
import { FaultProxy } from '../test/support/fault-proxy.ts';
import { freePort } from '../test/support/free-port.ts';
import { Installation } from '../test/support/installation.ts';
import { deleteNamespace } from '../test/support/kubectl.ts';
import type { Result } from './results.ts';

const NAMESPACE = 'bench-watchers';
const BACKUPS = Array.from({ length: 10 }, (_, index) => `w${String(index)}`);
const CLIENTS = 200;
const STREAMS = 100;
/** How long the bucket takes for the tarball of each backup: so long they all run. */
const WRITE_MS = 30_000;
/** Between two looks of a client; it asks `/livez` as often, half of this apart. */
const POLL_MS = 1000;
const TIMES_LIVEZ = 5;

/** What clients saw while they watched. */
interface Watched {
  readonly polls: number[];
  readonly livez: number[];
  /** Answers that were none. */
  readonly errors: string[];
}

/**
 * 200 clients that look at 10 backups once a second, and 100 streams that follow them, while all 10 run: what the slowest
 * of 100 looks takes, against `/livez` asked by the same clients in the same time, and how often Temporal is asked for it,
 * as its own metrics say.
 */
export async function watchers(): Promise<Result[]> {
  const proxy = await FaultProxy.start(process.env['S3_ENDPOINT'] ?? '');
  const matches = (path: string): boolean => path.endsWith('.tar.gz');
  proxy.faults = [{ method: 'PUT', matches, effect: 'delay', delayMs: WRITE_MS }];
  const metricsPort = await freePort();
  const installation = await Installation.start({
    s3Endpoint: proxy.url,
    temporal: { metricsPort },
  });
  try {
    await fillNamespace(NAMESPACE, { type: CONFIG_MAP, count: 1, bytes: 100 });
    return await watch(installation, metricsPort);
  } finally {
    await installation.stop();
    proxy.stop();
    await deleteNamespace(NAMESPACE);
  }
}

async function watch(installation: Installation, metricsPort: number): Promise<Result[]> {
  await Promise.all(BACKUPS.map((name) => installation.createBackup(name, [NAMESPACE])));
  const watched: Watched = { polls: [], livez: [], errors: [] };
  const over = new AbortController();
  // What is measured begins when all streams are open.
  const open = await Promise.all(
    Array.from({ length: STREAMS }, (_, index) => openStream(installation, nameOf(index))),
  );
  const streams = Promise.all(open.map((stream, index) => follow(stream, nameOf(index), watched)));
  const clients = Promise.all(
    Array.from({ length: CLIENTS }, (_, index) => poll(installation, index, { watched, over })),
  );
  const before = await queriesOf(metricsPort);
  const started = performance.now();
  await sleep(WRITE_MS / 2);
  const asked = (await queriesOf(metricsPort)) - before;
  const seconds = (performance.now() - started) / 1000;
  over.abort();
  await Promise.all([clients, streams]);
  const [polls, livez] = [p99(watched.polls), p99(watched.livez)];
  // Looks at the ends of the time that is measured are one span less apart than they are many.
  const rate = (asked / BACKUPS.length - 1) / seconds;
  process.stderr.write(
    `${String(watched.polls.length)} looks, ${String(watched.livez.length)} at /livez; ${watched.errors.slice(0, 5).join('; ')}\n`,
  );
  return [
    {
      ...{ name: 'watchers-get-p99', value: polls, unit: 'ms', ratio: polls / livez },
      against: `/livez (${livez.toFixed(2)} ms)`,
      ...{ target: `at most ${String(TIMES_LIVEZ)} times`, isMet: polls <= TIMES_LIVEZ * livez },
    },
    {
      ...{ name: 'watchers-temporal-queries', value: rate, unit: 'a second and run', ratio: null },
      ...{ against: '', target: 'at most 1', isMet: rate <= 1 },
    },
    {
      ...{ name: 'watchers-errors', value: watched.errors.length, unit: 'errors', ratio: null },
      ...{ against: '', target: 'none', isMet: watched.errors.length === 0 },
    },
  ];
}

function nameOf(index: number): string {
  return BACKUPS[index % BACKUPS.length] ?? '';
}

/** Looks at one backup, and asks whether the API lives, until it is over. */
async function poll(
  installation: Installation,
  index: number,
  { watched, over }: { watched: Watched; over: AbortController },
): Promise<void> {
  const run = `${installation.apiUrl}/api/v1/backups/${nameOf(index)}`;
  // Clients do not begin at the same time, and the first request of each, which opens its connection, does not count.
  await sleep((POLL_MS * index) / CLIENTS);
  await timed(`${installation.apiUrl}/livez`, watched);
  while (!over.signal.aborted) {
    watched.polls.push(await timed(run, watched));
    await sleep(POLL_MS / 2);
    watched.livez.push(await timed(`${installation.apiUrl}/livez`, watched));
    await sleep(POLL_MS / 2);
  }
}

/** Milliseconds until the answer is read. */
async function timed(url: string, { errors }: Watched): Promise<number> {
  const started = performance.now();
  try {
    const response = await fetch(url);
    const text = await response.text();
    if (!response.ok) {
      errors.push(`${String(response.status)} ${text}`);
    }
  } catch (error) {
    errors.push(String(error));
  }
  return performance.now() - started;
}

function openStream(installation: Installation, name: string): Promise<Response> {
  return fetch(`${installation.apiUrl}/api/v1/backups/${name}/events`, {
    headers: { accept: 'application/x-ndjson' },
  });
}

/** Follows a backup to its end, which has to be a good one. */
async function follow(stream: Response, name: string, { errors }: Watched): Promise<void> {
  try {
    const lines = (await stream.text()).trim().split('\n');
    // The API's own lines; anything else ends the bench.
    const last = JSON.parse(lines.at(-1) ?? '') as { event: string; data: BackupResource };
    if (last.event !== 'done' || last.data.status.phase !== 'Completed') {
      errors.push(`stream of ${name}: ${lines.at(-1) ?? ''}`);
    }
  } catch (error) {
    errors.push(`stream of ${name}: ${String(error)}`);
  }
}

/** How often workflows were queried since the Temporal server began. */
async function queriesOf(metricsPort: number): Promise<number> {
  const response = await fetch(`http://127.0.0.1:${String(metricsPort)}/metrics`);
  const lines = (await response.text()).split('\n');
  return lines
    .filter((line) => /^service_requests\{.*operation="QueryWorkflow".*frontend/.test(line))
    .reduce((sum, line) => sum + Number(line.slice(line.lastIndexOf(' ') + 1)), 0);
}

function p99(times: readonly number[]): number {
  return times.toSorted((left, right) => left - right)[Math.floor(times.length * 0.99)] ?? 0;
}
