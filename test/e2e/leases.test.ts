import { expect, test } from 'vitest';

import { TemporalLeases } from '../../worker/temporal-leases.ts';
import type { Part } from '../support/installation.ts';
import { LeaseFixture } from '../support/lease-fixture.ts';

// Goal: a repository is used by those alone that may use it together, whatever is killed. Method: the real workflow of
// the repository on a real Temporal server, with runs that hold leases and do nothing else; the maintenance is played by
// the test.

const NOBODY = { workflowId: 'nobody', runId: 'no-run' };

const fixture = LeaseFixture.forFile();

function leases(): TemporalLeases {
  return new TemporalLeases({ connection: fixture.native, namespace: 'default' });
}

test('backups share a repository, the maintenance has it alone, and each is told whom it waits for', async () => {
  const repository = await fixture.repository('shared');
  const [first, second] = [
    await fixture.hold('first', ['shared']),
    await fixture.hold('second', ['shared']),
  ];
  const epochs = [...(await fixture.epochsOf(first)), ...(await fixture.epochsOf(second))];
  expect(new Set(epochs).size).toBe(2);
  const asked = await repository.askForMaintenance();
  expect(asked).toMatchObject({ kind: 'queued' });
  const { waiting } = await repository.status();
  expect(waiting[0]?.behind.split(', ').sort()).toEqual([first.workflowId, second.workflowId]);
  await fixture.letGo(first);
  expect((await repository.users()).waiting).toEqual(['the maintenance']);
  await fixture.letGo(second);
  expect(await repository.users()).toEqual({ held: ['the maintenance'], waiting: [] });

  const third = await fixture.hold('third', ['shared']);
  await expect
    .poll(async () => (await fixture.stateOf(third)).wait?.reason)
    .toBe('the repository of namespace shared is in use by the maintenance');
  await repository.endMaintenance();
  const [later = 0] = await fixture.epochsOf(third);
  expect(later).toBeGreaterThan(Math.max(...epochs));
  await fixture.letGo(third);
  expect(await repository.users()).toEqual({ held: [], waiting: [] });
});

test('an ask that is repeated gets the same answer and leaves nothing in the history', async () => {
  const repository = await fixture.repository('repeated');
  await repository.askForMaintenance();
  const request = { leaseId: 'again', purpose: 'Backup', holder: NOBODY } as const;
  const answer = { kind: 'queued', behind: 'the maintenance' };
  const ask = () =>
    leases().acquire({ ...repository.key, cluster: fixture.installation.name }, request);
  expect(await ask()).toEqual(answer);
  const events = await repository.events();
  for (let time = 0; time < 20; time += 1) {
    expect(await ask()).toEqual(answer);
  }
  expect(await repository.events()).toBe(events);
  await leases().release(repository.key, 'again');
  await expect(ask()).rejects.toMatchObject({ code: 'already-finished' });
  await repository.endMaintenance();
});

test('a run that is terminated keeps its lease until somebody waits for it', async () => {
  const repository = await fixture.repository('terminated');
  const runs = [
    await fixture.hold('one', ['terminated']),
    await fixture.hold('two', ['terminated']),
  ];
  for (const run of runs) {
    await fixture.epochsOf(run);
    await run.terminate();
  }
  expect((await repository.users()).held).toHaveLength(2);
  await repository.askForMaintenance();
  await expect.poll(() => repository.users()).toEqual({ held: ['the maintenance'], waiting: [] });
});

test('a run that waited and is terminated is not waited for', async () => {
  const repository = await fixture.repository('gone', { lookMs: 600_000, lookMaxMs: 600_000 });
  await repository.askForMaintenance();
  const [gone, next] = [await fixture.hold('gone', ['gone']), await fixture.hold('next', ['gone'])];
  await expect.poll(async () => (await repository.users()).waiting).toHaveLength(2);
  await gone.terminate();
  await repository.endMaintenance();
  await fixture.epochsOf(next);
  // It could not be told that it has a lease, and so was looked at.
  await expect.poll(async () => (await repository.users()).held).toEqual([next.workflowId]);
  await fixture.letGo(next);
});

test('the last run that waited is terminated, and the repository goes on', async () => {
  const repository = await fixture.repository('last', { lookMs: 600_000, lookMaxMs: 600_000 });
  await repository.askForMaintenance();
  const last = await fixture.hold('last', ['last']);
  await expect.poll(async () => (await repository.users()).waiting).toHaveLength(1);
  await last.terminate();
  await repository.endMaintenance();
  await expect.poll(() => repository.users()).toEqual({ held: [], waiting: [] });
  const next = await fixture.hold('next', ['last']);
  await fixture.epochsOf(next);
  await fixture.letGo(next);
});

test('a run that is cancelled, or waits for too long, leaves the queue', async () => {
  const repository = await fixture.repository('left');
  await repository.askForMaintenance();
  const cancelled = await fixture.hold('cancelled', ['left']);
  const late = await fixture.hold('late', ['left'], { waitMs: 1000 });
  await expect.poll(async () => (await repository.users()).waiting).toHaveLength(2);
  await cancelled.cancel();
  await expect(cancelled.result()).rejects.toThrow('cancelled');
  await expect(late.result()).rejects.toMatchObject({
    cause: { type: 'Unavailable', details: [{ code: 'repository-busy', subject: 'left' }] },
  });
  expect(await repository.users()).toEqual({ held: ['the maintenance'], waiting: [] });
  await repository.endMaintenance();
});

test('leases of many repositories are asked for in one order, and restores do not wait for a maintenance that waits', async () => {
  const first = await fixture.repository('order-1');
  const last = await fixture.repository('order-2', { patienceMs: 0 });
  await first.askForMaintenance();
  const run = await fixture.hold('run', ['order-2', 'order-1', 'order-2']);
  await expect.poll(async () => (await first.users()).waiting).toEqual([run.workflowId]);
  expect((await last.users()).held).toEqual([]);
  await first.endMaintenance();
  expect(await fixture.epochsOf(run)).toHaveLength(2);
  await last.askForMaintenance();
  const backup = await fixture.hold('backup', ['order-2']);
  const restore = await fixture.hold('restore', ['order-2'], { purpose: 'Restore' });
  await fixture.epochsOf(restore);
  expect((await last.users()).waiting).toEqual(['the maintenance', backup.workflowId]);
  await fixture.letGo(run);
  await fixture.letGo(restore);
  await last.endMaintenance();
  await fixture.letGo(backup);
});

test.each<Part>(['worker', 'temporal'])(
  'a kill of %s loses no lease and nobody who waits',
  async (part) => {
    const used = await fixture.repository(`used-${part}`);
    const maintained = await fixture.repository(`maintained-${part}`);
    const holder = await fixture.hold('holder', [`used-${part}`]);
    const [epoch = 0] = await fixture.epochsOf(holder);
    await Promise.all([used.askForMaintenance(), maintained.askForMaintenance()]);
    const waiting = await fixture.hold('waiting', [`maintained-${part}`]);
    await expect.poll(async () => (await maintained.users()).waiting).toHaveLength(1);
    await fixture.installation.kill(part);
    await Promise.all([
      fixture.installation.startPart(part),
      fixture.letGo(holder),
      maintained.endMaintenance(),
    ]);
    const [later = 0] = await fixture.epochsOf(waiting);
    expect(later).toBeGreaterThan(epoch);
    expect((await used.users()).held).toEqual(['the maintenance']);
    await used.endMaintenance();
    await fixture.letGo(waiting);
  },
);

test('a repository whose history is long goes on with its leases', async () => {
  const repository = await fixture.repository('long', { historyEventsMax: 30 });
  const holder = await fixture.hold('holder', ['long']);
  const [first = 0] = await fixture.epochsOf(holder);
  const { runId } = await repository.handle.describe();
  const epochs: number[] = [];
  for (let time = 0; time < 5; time += 1) {
    const other = await fixture.hold('other', ['long']);
    epochs.push(...(await fixture.epochsOf(other)));
    await fixture.letGo(other);
  }
  expect(epochs).toEqual([1, 2, 3, 4, 5].map((later) => first + later));
  expect((await repository.handle.describe()).runId).not.toBe(runId);
  expect(await repository.events()).toBeLessThan(60);
  expect((await repository.users()).held).toEqual([holder.workflowId]);
  await fixture.letGo(holder);
});

test('a run whose place in the queue was lost asks again', async () => {
  const repository = await fixture.repository('lost');
  await repository.askForMaintenance();
  const run = await fixture.hold('run', ['lost'], { askAgainMs: 300 });
  await expect.poll(async () => (await repository.users()).waiting).toEqual([run.workflowId]);
  await repository.handle.terminate();
  await fixture.epochsOf(run);
  await fixture.letGo(run);
});
