import { afterAll, beforeAll, expect, test } from 'vitest';

import { Installation } from '../support/installation.ts';
import {
  differences,
  type KilledRestore,
  randomNumbers,
  type RestoreEnd,
  RestoreKills,
} from '../support/restore-kills.ts';

// Goal: a restore of 5,000 objects, 100 of which are there before, ends as an undisturbed one wherever its worker is
// killed. Method: a kill -9 at a random point of each of 20 restores. Restores that were killed wait a minute until
// they are taken up again; the next ones are killed meanwhile, so that a round of them is taken up together.

const OBJECTS = 5000;
const ROUNDS = 5;
const KILLS_PER_ROUND = 4;
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
  expect(undisturbed).toMatchObject({
    phase: 'Completed',
    counts: { created: OBJECTS - 100, updated: 0, recreated: 0, failed: 0 },
  });
  expect(undisturbed.report.length).toBe(new Set(undisturbed.report).size);
  expect(undisturbed.report.length).toBeGreaterThanOrEqual(OBJECTS);
});

test.each(Array.from({ length: ROUNDS }, (_, index) => index + 1))(
  `four kills change no end state, report or count: round %i of seed ${String(SEED)}`,
  async (round) => {
    const killed: KilledRestore[] = [];
    for (let index = 1; index <= KILLS_PER_ROUND; index++) {
      const name = `round-${String(round)}-${String(index)}`;
      const restore = await kills.startAndKill(name, undisturbedMs);
      process.stderr.write(`${restore.name}: killed after ${restore.afterMs.toFixed()} ms\n`);
      killed.push(restore);
    }
    for (const { name } of killed) {
      const end = await kills.end(name);
      expect({ name, phase: end.phase, counts: end.counts }).toEqual({
        ...{ name, phase: undisturbed.phase, counts: undisturbed.counts },
      });
      expect(differences(undisturbed, end)).toEqual([]);
    }
    await kills.clear('later');
  },
);
