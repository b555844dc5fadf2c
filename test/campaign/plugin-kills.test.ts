import { setTimeout as sleep } from 'node:timers/promises';

import { afterAll, beforeAll, expect, test } from 'vitest';

import type { RunResource } from '../../domain/api-resource.ts';
import {
  KILLED_PARTS,
  type KilledPart,
  PluginKills,
  toldProgress,
} from '../support/plugin-kills.ts';
import { randomNumbers } from '../support/restore-kills.ts';

// Goal: a backup ends after the operations that plugins began for it, and never before, and a cancelled one leaves none at
// work, whenever something dies. Method: a plugin as a process of its own, whose operations lie in a file; the plugin, the
// worker and Temporal are killed at random points of operations of minutes, while the plugin is asked about items, and while
// the backup is cancelled. SEED repeats a campaign, MINUTES and RUNS make it shorter.

const numberOf = (name: string, otherwise: number): number => {
  const text = process.env[name] ?? '';
  return text === '' ? otherwise : Number(text);
};
const SEED = numberOf('SEED', Date.now() % 1_000_000);
const MINUTES = numberOf('MINUTES', 5);
/** Runs of each kind beside the long one. */
const RUNS = numberOf('RUNS', 9);

const ITEMS = 200;
/** How long the plugin takes for a call; a kill falls into it, or shortly after. */
const CALL_MS = 1500;
const KILL_WITHIN_MS = 2000;
const AWAY_MS = 3000;
/** Pause between two kills of the long run, and a random part on top. */
const CALM_MS = 8000;

const random = randomNumbers(SEED);
let kills: PluginKills;

beforeAll(async () => {
  process.stderr.write(`seed ${String(SEED)}\n`);
  kills = await PluginKills.start(ITEMS, { callMs: CALL_MS });
});

afterAll(async () => {
  await kills.stop();
});

function tell(text: string): void {
  process.stderr.write(`${text}\n`);
}

/** Waits until the plugin has been told of operations of a backup, and gives the run. */
async function begun(backup: string): Promise<RunResource> {
  let run: RunResource | undefined;
  const operations = async () => {
    run = await kills.installation.look('backups', backup);
    return kills.operations(run?.metadata.uid ?? 'none').length;
  };
  await expect.poll(operations).toBeGreaterThan(0);
  if (run === undefined) {
    throw new Error('the poll has passed without a run');
  }
  return run;
}

/** Expects that a backup has waited for all of its operations, and gives how long it went on after the last. */
function expectWaited(
  uid: string,
  { atMs, run }: Awaited<ReturnType<PluginKills['watched']>>,
): number {
  const operations = kills.operations(uid);
  const { phase, completionTimestamp = '', operations: told, problems } = run.status as Status;
  expect({ phase, ...told, problems }).toEqual({
    ...{ phase: 'Completed', total: ITEMS, completed: ITEMS, failed: 0, problems: undefined },
  });
  expect(operations).toHaveLength(ITEMS);
  const endedMs = Math.max(...operations.map((one) => one.endedMs ?? Infinity));
  expect(atMs).toBeGreaterThan(endedMs);
  // It is told in whole seconds.
  expect(Date.parse(completionTimestamp) + 1000).toBeGreaterThan(endedMs);
  return atMs - endedMs;
}

type Status = RunResource['status'] & { readonly problems?: unknown };

/** Parts in an order of their own, each as often as the others. */
function partsOf(count: number): KilledPart[] {
  return Array.from({ length: count }, (_, index): KilledPart => {
    return KILLED_PARTS[index % KILLED_PARTS.length] ?? 'plugin';
  });
}

interface Kill {
  readonly number: number;
  readonly part: KilledPart;
  readonly afterMs: number;
  readonly awayMs: number;
}

function plans(): Kill[] {
  return partsOf(RUNS).map((part, index) => ({
    ...{ number: index + 1, part },
    afterMs: Math.round(random() * KILL_WITHIN_MS),
    awayMs: Math.round(random() * AWAY_MS),
  }));
}

test(`operations of ${String(MINUTES)} minutes, seed ${String(SEED)}`, async () => {
  await kills.createBackup('long');
  const { uid } = (await begun('long')).metadata;
  const look = () => kills.installation.look('backups', 'long');
  await expect.poll(async () => toldProgress(await look())).toBeGreaterThan(0);
  const watch = kills.watched('long');
  const untilMs = Date.now() + MINUTES * 60_000;
  const killed = { plugin: 0, worker: 0, temporal: 0 };
  let slowestMs = 0;
  while (Date.now() < untilMs) {
    const part = KILLED_PARTS[Math.floor(random() * KILLED_PARTS.length)] ?? 'plugin';
    await sleep(CALM_MS * random());
    await kills.disturb(part, AWAY_MS * random());
    killed[part] += 1;
    const sinceMs = Date.now();
    await kills.expectProgress('long', uid);
    slowestMs = Math.max(slowestMs, Date.now() - sinceMs);
    expect(kills.operations(uid).filter(({ endedMs }) => endedMs !== undefined)).toEqual([]);
    expect((await look())?.status.phase).toBe('WaitingForPluginOperations');
  }
  await kills.letEnd();
  await sleep(2000 * random());
  // What dies now dies at the end of the operations.
  await kills.disturb('plugin', AWAY_MS * random());
  const lateMs = expectWaited(uid, await watch);
  tell(
    `killed ${JSON.stringify(killed)}; progress told again within ${String(slowestMs)} ms; ended ${String(lateMs)} ms after the last operation`,
  );
});

test.each(plans())(
  `asked about items, run $number of seed ${String(SEED)}: $part after $afterMs ms`,
  async ({ number, part, afterMs, awayMs }) => {
    await kills.letEnd();
    const name = `asked-${String(number)}`;
    await kills.createBackup(name);
    const { uid } = (await begun(name)).metadata;
    const watch = kills.watched(name);
    await sleep(afterMs);
    await kills.disturb(part, awayMs);
    const lateMs = expectWaited(uid, await watch);
    const again = kills.operations(uid).filter(({ asked }) => asked > 1).length;
    tell(
      `run ${String(number)}: ${part}; told again of ${String(again)} items; ended ${String(lateMs)} ms after the last operation`,
    );
  },
);

test.each(plans())(
  `cancelled, run $number of seed ${String(SEED)}: $part after $afterMs ms`,
  async ({ number, part, afterMs, awayMs }) => {
    await kills.letGoOn();
    const name = `cancelled-${String(number)}`;
    await kills.createBackup(name);
    const { uid } = (await begun(name)).metadata;
    // Every other one is cancelled while the plugin is asked about items.
    if (number % 2 === 0) {
      const waits = async () => (await kills.installation.look('backups', name))?.status.phase;
      await expect.poll(waits).toBe('WaitingForPluginOperations');
    }
    const answer = await kills.installation.request('POST', `/backups/${name}:cancel`);
    expect(answer.status).toBe(202);
    const watch = kills.watched(name);
    await sleep(afterMs);
    await kills.disturb(part, awayMs);
    const { run } = await watch;
    const { phase, warnings, errors } = run.status;
    expect({ phase, warnings, errors }).toEqual({ phase: 'Cancelled', warnings: 0, errors: 0 });
    const operations = kills.operations(uid);
    expect(operations.length).toBeGreaterThan(0);
    // Nothing is at work, and nothing is kept.
    const left = operations.filter(
      (one) => one.cancelledMs === undefined || one.deletedMs === undefined,
    );
    expect(left).toEqual([]);
    tell(`cancelled run ${String(number)}: ${part}; ${String(operations.length)} operations ended`);
  },
);
