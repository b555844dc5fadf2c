import { setTimeout as sleep } from 'node:timers/promises';

import { afterAll, beforeAll, expect, test } from 'vitest';

import {
  type Disturbance,
  DISTURBANCES,
  ENDING,
  FreezeKills,
  type FrozenBackup,
  KINDS,
} from '../support/freeze-kills.ts';
import { randomNumbers } from '../support/restore-kills.ts';

// Goal: a file system that a backup has frozen is thawed by its deadline, whatever dies; no backup calls a copy consistent
// that is not, and each one does that has thawed its pod itself before that. Method: an ext4 on a loop device that the pre
// hook of a real pod freezes, for each of 50 runs; at a random point after the freeze something is taken away, in every
// fifth run Temporal until the pod is thawed, where the worker may start anew without it, and the copy goes on at a random
// point too. The sweeper of the cluster worker looks every 5 s, so a pod is thawed by its deadline and that. SEED repeats
// a campaign, RUNS makes it shorter.

const WANTED_SEED = process.env['SEED'] ?? '';
const SEED = WANTED_SEED === '' ? Date.now() % 1_000_000 : Number(WANTED_SEED);
const WANTED_RUNS = process.env['RUNS'] ?? '';
const RUNS = WANTED_RUNS === '' ? 50 : Number(WANTED_RUNS);
const THAW_AFTER_MS = 12_000;
/** When something is taken away, from the freeze on: it takes a second to see one, and thaws are disturbed too. */
const DISTURB_MS = { first: 1000, last: THAW_AFTER_MS + 2000 };
const AWAY_MS = 2000;
const OUTAGES: readonly Disturbance[] = ['temporal', 'temporal and worker'];

interface Plan {
  readonly number: number;
  readonly disturbance: Disturbance;
  readonly disturbAfterMs: number;
  readonly awayMs: number;
  /** Whether what was taken away comes back only when the pod is thawed. */
  readonly isAwayUntilThaw: boolean;
  /** When the copy goes on, after the disturbance; when the pod is thawed where it is left out. */
  readonly releaseAfterMs?: number;
}

const random = randomNumbers(SEED);

const PLANS = Array.from({ length: RUNS }, (_, index): Plan => {
  // The order is that of the draws, so that one seed gives one campaign.
  const isAwayUntilThaw = index % 5 === 4;
  const kinds = isAwayUntilThaw ? OUTAGES : KINDS;
  const { first } = DISTURB_MS;
  const last = isAwayUntilThaw ? THAW_AFTER_MS - 1000 : DISTURB_MS.last;
  const disturbAfterMs = Math.round(first + random() * (last - first));
  const awayMs = Math.round(random() * AWAY_MS);
  const isEarly = random() < 0.4;
  const releaseAfterMs = Math.round(random() * 4000);
  return {
    ...{ number: index + 1, disturbAfterMs, awayMs, isAwayUntilThaw },
    disturbance: kinds[Math.floor(random() * kinds.length)] ?? 'worker',
    ...(isEarly ? { releaseAfterMs } : {}),
  };
});

let kills: FreezeKills;
const lateness: number[] = [];
/** How many runs said so. */
const said = { consistent: 0, 'not consistent': 0, ended: 0 };

beforeAll(async () => {
  kills = await FreezeKills.start(THAW_AFTER_MS);
  process.stderr.write(`seed ${String(SEED)}\n`);
});

afterAll(async () => {
  const latest = (Math.max(...lateness) / 1000).toFixed(1);
  process.stderr.write(
    `thawed at the latest ${latest} s after the deadline, or after what was away came back; ${JSON.stringify(said)}; seed ${String(SEED)}\n`,
  );
  await kills.stop();
});

test('an undisturbed backup holds its pod until the copy has ended, and thaws it at once', async () => {
  const backup = await kills.startBackup('undisturbed');
  const releasedMs = Date.now();
  kills.release(backup);
  const thawedMs = await kills.thawed(backup);
  expect(thawedMs).toBeLessThan(kills.deadlineMs(backup));
  expect(await kills.expectHonest(backup, { thawedMs, releasedMs })).toBe(true);
});

test.each(PLANS)(
  `run $number of seed ${String(SEED)}: $disturbance, $disturbAfterMs ms after the freeze`,
  async (plan) => {
    const backup = await kills.startBackup(`run-${String(plan.number)}`);
    await sleep(Math.max(0, backup.frozenMs + plan.disturbAfterMs - Date.now()));
    const bringBack = await DISTURBANCES[plan.disturbance](kills, backup);
    const release = releaseWhenPlanned(plan, backup);
    let backMs = 0;
    if (!plan.isAwayUntilThaw) {
      await sleep(plan.awayMs);
      await bringBack();
      backMs = Date.now();
    }
    const thawedMs = await kills
      .thawed(backup, backMs)
      .finally(plan.isAwayUntilThaw ? bringBack : undefined);
    const lateMs = thawedMs - kills.deadlineMs(backup);
    lateness.push(Math.min(lateMs, thawedMs - backMs));
    const releasedMs = await release();
    if (ENDING.includes(plan.disturbance)) {
      await kills.expectEnded(backup);
      tell(plan, lateMs, 'ended');
    } else {
      const isHeld = await kills.expectHonest(backup, { thawedMs, releasedMs });
      tell(plan, lateMs, isHeld ? 'consistent' : 'not consistent');
    }
    await kills.remove(backup);
  },
);

/** Lets the copy go on when the plan says so, or else when the result is called, which gives when that was. */
function releaseWhenPlanned({ releaseAfterMs }: Plan, backup: FrozenBackup): () => Promise<number> {
  const go = (): number => {
    const releasedMs = Date.now();
    kills.release(backup);
    return releasedMs;
  };
  if (releaseAfterMs === undefined) {
    return () => Promise.resolve(go());
  }
  const early = sleep(releaseAfterMs).then(go);
  return () => early;
}

function tell(plan: Plan, lateMs: number, says: keyof typeof said): void {
  said[says] += 1;
  const { number, disturbance, disturbAfterMs, isAwayUntilThaw, releaseAfterMs } = plan;
  const what = `${disturbance}${isAwayUntilThaw ? ' until the thaw' : ''} at ${String(disturbAfterMs)} ms`;
  const copy = releaseAfterMs === undefined ? 'late' : `goes on ${String(releaseAfterMs)} ms later`;
  const late = `thawed ${(lateMs / 1000).toFixed(1)} s after the deadline`;
  process.stderr.write(`run ${String(number)}: ${what}, copy ${copy}: ${late}, ${says}\n`);
}
