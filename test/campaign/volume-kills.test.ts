import { afterAll, beforeAll, beforeEach, expect, test } from 'vitest';

import { KilledVolumes } from '../support/killed-volumes.ts';

// Goal: a copy of a volume ends as an undisturbed one, wherever the agent, restic or Temporal is killed, and so does a
// restore. Method: as in test/e2e/volume-kills.test.ts. A copy whose agent was killed waits for the heartbeat timeout, a
// minute; the others of its round are disturbed meanwhile.

const PARTS = [0.3, 0.6, 0.9];

let volumes: KilledVolumes;
let started = 0;

beforeAll(async () => {
  volumes = await KilledVolumes.start({ megabytes: 96, hasAgent: true });
});

afterAll(async () => {
  await volumes.stop();
});

beforeEach(() => {
  started = Date.now();
});

function tell(what: string): void {
  process.stderr.write(`${what}: after ${String(Math.round((Date.now() - started) / 1000))} s\n`);
}

/** Kills the agent in the middle of something, sees that its restic does not outlive it, and starts it again. */
async function killAgent(plural: 'backups' | 'restores', name: string): Promise<void> {
  const { installation, kills, gate } = volumes;
  expect(await kills.engines(plural, name)).toHaveLength(1);
  await installation.kill('agent');
  await expect.poll(() => kills.engines(plural, name), { timeout: 30_000 }).toEqual([]);
  gate.release('refuse');
  await installation.startPart('agent');
}

async function killTemporal(plural: 'backups' | 'restores', name: string): Promise<void> {
  const { installation, kills, gate } = volumes;
  const engines = await kills.engines(plural, name);
  await installation.kill('temporal');
  await installation.startPart('temporal');
  expect(await kills.engines(plural, name)).toEqual(engines);
  gate.release('pass');
}

async function killEngine(plural: 'backups' | 'restores', name: string): Promise<void> {
  expect(await volumes.kills.killEngine(plural, name)).toBe(1);
  volumes.gate.release('refuse');
}

/** What is killed, and how the copy or restore is tried again. */
const KILLS = {
  agent: { kill: killAgent, attempts: { attempts: 2, failure: 'timeout' } },
  restic: { kill: killEngine, attempts: { attempts: 2, failure: 'engine-killed' } },
  temporal: { kill: killTemporal, attempts: { attempts: 1 } },
};

test.each(PARTS)('a copy that is disturbed at %d of its data ends whole', async (part) => {
  const copies: { name: string; namespace: string; attempts: object }[] = [];
  for (const [word, { kill, attempts }] of Object.entries(KILLS)) {
    const name = `${word}-${String(part * 100)}`;
    const namespace = await volumes.namespace();
    await volumes.startBackup(name, namespace, part);
    await kill('backups', name);
    tell(`${name} is disturbed`);
    copies.push({ name, namespace, attempts });
  }
  for (const { name, namespace, attempts } of copies.reverse()) {
    await volumes.expectWholeBackup(name, namespace);
    tell(`${name} is whole`);
    expect(await volumes.kills.attemptsOf('backups', name)).toEqual(attempts);
  }
});

test('a restore that is disturbed in the middle gives back everything', async () => {
  const sources: { name: string; namespace: string; tree: string }[] = [];
  for (const word of Object.keys(KILLS)) {
    const namespace = await volumes.namespace();
    await volumes.installation.createBackup(`source-${word}`, [namespace]);
    await volumes.installation.ended('backups', `source-${word}`);
    sources.push({ name: word, namespace, tree: await volumes.treeOf(namespace) });
  }
  for (const { name, namespace } of sources) {
    const source = { backup: `source-${name}`, namespace, part: 0.5 };
    await volumes.startRestore(name, source);
    await KILLS[name as keyof typeof KILLS].kill('restores', name);
    tell(`the restore ${name} is disturbed`);
  }
  for (const { name, namespace, tree } of sources.reverse()) {
    await volumes.expectWholeRestore(name, namespace, tree);
    tell(`the restore ${name} is whole`);
    const { attempts } = KILLS[name as keyof typeof KILLS];
    expect(await volumes.kills.attemptsOf('restores', name)).toEqual(attempts);
  }
});

test('an agent that is told to end gives its copy back, which the next one takes at once', async () => {
  const { installation, kills, gate } = volumes;
  const namespace = await volumes.namespace();
  await volumes.startBackup('told', namespace, 0.5);
  expect(await installation.end('agent', 'SIGTERM')).toBe(0);
  tell('the agent has ended');
  expect(await kills.engines('backups', 'told')).toEqual([]);
  gate.release('refuse');
  await installation.startPart('agent');
  await volumes.expectWholeBackup('told', namespace);
  tell('the copy is whole');
  expect(await kills.attemptsOf('backups', 'told')).toEqual({
    ...{ attempts: 2, failure: expect.stringContaining('shutting down') as string },
  });
});

test('a copy whose agent is killed while it is read back is adopted, and not made again', async () => {
  const { installation, kills, gate } = volumes;
  const namespace = await volumes.namespace();
  gate.hold({ method: 'GET', namespace, bytes: 0 });
  await installation.createBackup('read-back', [namespace]);
  await kills.reached('backups', 'read-back', 'ReadingBack');
  await killAgent('backups', 'read-back');
  await volumes.expectWholeBackup('read-back', namespace);
  expect(await kills.attemptsOf('backups', 'read-back')).toEqual(KILLS.agent.attempts);
  expect((await kills.record('read-back')).copy).toMatchObject({ isAdopted: true });
});
