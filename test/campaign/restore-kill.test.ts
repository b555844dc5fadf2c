import { afterAll, beforeAll, expect, test } from 'vitest';

import { Installation } from '../support/installation.ts';
import {
  differences,
  type KilledRestore,
  ownersOf,
  randomNumbers,
  type RestoreEnd,
  RestoreKills,
} from '../support/restore-kills.ts';

// Goal: a restore of 5,000 objects ends as an undisturbed one wherever its worker is killed. 50 of the objects are there
// before as they are in the backup, 50 with other data, and 200 have owners. Method: a kill -9 at a random point of each
// of 15 restores, and of 5 more while they set owners or write the report, which is soon done. Restores that were killed wait a minute until
// they are taken up again; the next ones are killed meanwhile, so that a round of them is taken up together.

const OBJECTS = 5000;
const ROUNDS = 5;
const KILLS_PER_ROUND = 4;
/** Of the 5,000 objects and of what Kubernetes puts into each namespace. */
const END = {
  phase: 'Completed',
  counts: { created: 4900, updated: 0, recreated: 0, unchanged: 53, skipped: 50, failed: 0 },
};
const WANTED_SEED = process.env['SEED'] ?? '';
const SEED = WANTED_SEED === '' ? Date.now() % 1_000_000 : Number(WANTED_SEED);
let installation: Installation;
let kills: RestoreKills;
let undisturbed: RestoreEnd;
let undisturbedMs: number;

beforeAll(async () => {
  installation = await Installation.start();
  kills = new RestoreKills(installation, `rkc-${String(process.pid)}`, randomNumbers(SEED));
  await kills.backUp(OBJECTS);
  await kills.start('undisturbed');
  const started = Date.now();
  undisturbed = await kills.end('undisturbed');
  undisturbedMs = Date.now() - started;
  process.stderr.write(`seed ${String(SEED)}; undisturbed: ${String(undisturbedMs)} ms\n`);
});

afterAll(async () => {
  await installation.stop();
  await kills.clear('now');
});

test('an undisturbed restore creates what is missing and explains the rest', () => {
  expect({ phase: undisturbed.phase, counts: undisturbed.counts }).toEqual(END);
  expect(undisturbed.owners).toEqual(ownersOf(OBJECTS));
  expect(undisturbed.report.length).toBe(new Set(undisturbed.report).size);
  expect(undisturbed.report.length).toBeGreaterThanOrEqual(OBJECTS);
});

test.each(Array.from({ length: ROUNDS }, (_, index) => index + 1))(
  `four kills change no end state, report or count: round %i of seed ${String(SEED)}`,
  async (round) => {
    const killed: KilledRestore[] = [];
    for (let index = 1; index <= KILLS_PER_ROUND; index++) {
      const name = `round-${String(round)}-${String(index)}`;
      // The first one has the worker for itself, and so is soon there.
      const lateStep = round % 2 === 1 ? 'relink' : 'report';
      const point = index === 1 ? ({ step: lateStep } as const) : { undisturbedMs };
      const restore = await kills.startAndKill(name, point);
      const when = `after ${String(restore.afterMs)} ms, in ${String(restore.step)}`;
      process.stderr.write(`${restore.name}: killed ${when}\n`);
      killed.push(restore);
    }
    for (const { name } of killed) {
      const end = await kills.end(name);
      expect({ name, phase: end.phase, counts: end.counts }).toEqual({ name, ...END });
      expect(differences(undisturbed, end)).toEqual([]);
    }
    await kills.clear('later');
  },
);
