import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';

import { afterAll, beforeAll, expect, test } from 'vitest';

import { takeTurn } from './turn.ts';

const what = 'the only one';
let folder: string;

beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), 'holdfast-turn-'));
});

afterAll(async () => {
  await rm(folder, { recursive: true });
});

test('who comes second has the turn when the first one ends it', async () => {
  const turn = { what, path: join(folder, 'waited'), waitSeconds: 30 };
  const end = await takeTurn(turn);
  let isSecond = false;
  const second = takeTurn(turn).then((endSecond) => {
    isSecond = true;
    return endSecond;
  });
  await expect(takeTurn({ ...turn, waitSeconds: 1 })).rejects.toThrow(
    'the only one: another one has been there for 1 s',
  );
  expect(isSecond).toBe(false);
  end();
  (await second)();
});

test('a turn that cannot be taken says why, and not that another one has it', async () => {
  const turn = { what, path: join(folder, 'nowhere', 'turn'), waitSeconds: 1 };
  await expect(takeTurn(turn)).rejects.toThrow(
    /^the only one: flock has ended with \d+: .*nowhere/,
  );
});
