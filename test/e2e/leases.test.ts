import { randomUUID } from 'node:crypto';
import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';

import { Client, Connection, type WorkflowHandle } from '@temporalio/client';
import { bundleWorkflowCode, DefaultLogger, NativeConnection } from '@temporalio/worker';
import { afterAll, beforeAll, expect, test } from 'vitest';

import type { RepositoryRules } from '../../domain/volumes/repository-rules.ts';
import type { RepositoryStatus } from '../../domain/volumes/repository-status.ts';
import {
  type RepositoryKey,
  repositoryWorkflowId,
  WORKFLOW_TASK_QUEUE,
} from '../../domain/workflow-id.ts';
import { TemporalLeases } from '../../worker/temporal-leases.ts';
import {
  acquireLeaseUpdate,
  releaseLeaseSignal,
  REPOSITORY_WORKFLOW,
  type RepositoryInput,
  repositoryStatusQuery,
} from '../../workflows/contract.ts';
import { type HoldState, holdStateQuery, letGoSignal } from '../support/holding-workflows.ts';
import { Installation, type Part } from '../support/installation.ts';

// Goal: a repository is used by those alone that may use it together, whatever is killed. Method: the real workflow of
// the repository on a real Temporal server, with runs that hold leases and do nothing else; the maintenance is played by
// the test.

const QUICK: Partial<RepositoryRules> = { lookMs: 300, lookMaxMs: 300 };
const NOBODY = { workflowId: 'nobody', runId: 'no-run' };
const MAINTENANCE = { leaseId: 'maintenance', purpose: 'Maintenance' } as const;

let folder: string;
let installation: Installation;
let connection: Connection;
let client: Client;
let native: NativeConnection;
let leases: TemporalLeases;

beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), 'holdfast-leases-'));
  const path = join(folder, 'workflows.js');
  const { code } = await bundleWorkflowCode({
    workflowsPath: fileURLToPath(new URL('../support/holding-workflows.ts', import.meta.url)),
    logger: new DefaultLogger('ERROR'),
  });
  await writeFile(path, code);
  process.env['HOLDFAST_WORKFLOW_BUNDLE'] = path;
  installation = await Installation.start({ isFolder: true });
  connection = await Connection.connect({ address: installation.temporalAddress });
  client = new Client({ connection });
  native = await NativeConnection.connect({ address: installation.temporalAddress });
  leases = new TemporalLeases({ connection: native, namespace: 'default' });
});

afterAll(async () => {
  await Promise.all([connection.close(), native.close()]);
  await installation.stop();
  await rm(folder, { recursive: true });
});

/** The repository of a namespace, and the workflow that keeps it. */
class Repository {
  readonly key: RepositoryKey;
  readonly #rules: Partial<RepositoryRules>;

  constructor(namespace: string, rules: Partial<RepositoryRules> = QUICK) {
    this.key = { location: 'default', clusterUid: 'cluster', namespace };
    this.#rules = rules;
  }

  get handle(): WorkflowHandle {
    return client.workflow.getHandle(repositoryWorkflowId(this.key));
  }

  async start(): Promise<this> {
    const input: RepositoryInput = {
      ...this.key,
      cluster: installation.name,
      rules: this.#rules,
    };
    await client.workflow.start(REPOSITORY_WORKFLOW, {
      workflowId: repositoryWorkflowId(this.key),
      taskQueue: WORKFLOW_TASK_QUEUE,
      args: [input],
    });
    return this;
  }

  status(): Promise<RepositoryStatus> {
    return this.handle.query(repositoryStatusQuery);
  }

  async users(): Promise<{ held: string[]; waiting: string[] }> {
    const { leases, waiting } = await this.status();
    return {
      held: leases.map(({ holder }) => holder),
      waiting: waiting.map(({ holder }) => holder),
    };
  }

  async events(): Promise<number> {
    return (await this.handle.describe()).historyLength;
  }

  askForMaintenance() {
    return this.handle.executeUpdate(acquireLeaseUpdate, { args: [MAINTENANCE] });
  }

  endMaintenance(): Promise<void> {
    return this.handle.signal(releaseLeaseSignal, MAINTENANCE.leaseId);
  }
}

interface HoldOptions {
  readonly purpose?: 'Backup' | 'Restore';
  readonly waitMs?: number;
  readonly askAgainMs?: number;
}

/** Starts a run that needs leases of some repositories. */
async function hold(name: string, namespaces: string[], options: HoldOptions = {}) {
  const ask = {
    ...{ cluster: installation.name, location: 'default', clusterUid: 'cluster', namespaces },
    ...{ purpose: 'Backup', waitMs: 120_000, ...options },
  };
  return client.workflow.start('hold', {
    workflowId: `${name}-${randomUUID().slice(0, 8)}`,
    taskQueue: WORKFLOW_TASK_QUEUE,
    args: [ask],
  });
}

function stateOf(run: WorkflowHandle): Promise<HoldState> {
  return run.query(holdStateQuery);
}

/** The epochs of the leases of a run, once it has them. */
async function epochsOf(run: WorkflowHandle): Promise<number[]> {
  await expect.poll(() => stateOf(run)).toHaveProperty('epochs');
  return Object.values((await stateOf(run)).epochs ?? {});
}

async function letGo(run: WorkflowHandle): Promise<void> {
  await run.signal(letGoSignal);
  await run.result();
}

test('backups share a repository, the maintenance has it alone, and each is told whom it waits for', async () => {
  const repository = await new Repository('shared').start();
  const [first, second] = [await hold('first', ['shared']), await hold('second', ['shared'])];
  const epochs = [...(await epochsOf(first)), ...(await epochsOf(second))];
  expect(new Set(epochs).size).toBe(2);
  const asked = await repository.askForMaintenance();
  expect(asked).toMatchObject({ kind: 'queued' });
  const { waiting } = await repository.status();
  expect(waiting[0]?.behind.split(', ').sort()).toEqual([first.workflowId, second.workflowId]);
  await letGo(first);
  expect((await repository.users()).waiting).toEqual(['the maintenance']);
  await letGo(second);
  expect(await repository.users()).toEqual({ held: ['the maintenance'], waiting: [] });

  const third = await hold('third', ['shared']);
  await expect
    .poll(async () => (await stateOf(third)).wait?.reason)
    .toBe('the repository of namespace shared is in use by the maintenance');
  await repository.endMaintenance();
  const [later = 0] = await epochsOf(third);
  expect(later).toBeGreaterThan(Math.max(...epochs));
  await letGo(third);
  expect(await repository.users()).toEqual({ held: [], waiting: [] });
});

test('an ask that is repeated gets the same answer and leaves nothing in the history', async () => {
  const repository = await new Repository('repeated').start();
  await repository.askForMaintenance();
  const request = { leaseId: 'again', purpose: 'Backup', holder: NOBODY } as const;
  const answer = { kind: 'queued', behind: 'the maintenance' };
  const ask = () => leases.acquire({ ...repository.key, cluster: installation.name }, request);
  expect(await ask()).toEqual(answer);
  const events = await repository.events();
  for (let time = 0; time < 20; time += 1) {
    expect(await ask()).toEqual(answer);
  }
  expect(await repository.events()).toBe(events);
  await leases.release(repository.key, 'again');
  await expect(ask()).rejects.toMatchObject({ code: 'already-finished' });
  await repository.endMaintenance();
});

test('a run that is terminated keeps its lease until somebody waits for it', async () => {
  const repository = await new Repository('terminated').start();
  const runs = [await hold('one', ['terminated']), await hold('two', ['terminated'])];
  for (const run of runs) {
    await epochsOf(run);
    await run.terminate();
  }
  expect((await repository.users()).held).toHaveLength(2);
  await repository.askForMaintenance();
  await expect.poll(() => repository.users()).toEqual({ held: ['the maintenance'], waiting: [] });
});

test('a run that waited and is terminated is not waited for', async () => {
  const repository = await new Repository('gone', { lookMs: 600_000, lookMaxMs: 600_000 }).start();
  await repository.askForMaintenance();
  const [gone, next] = [await hold('gone', ['gone']), await hold('next', ['gone'])];
  await expect.poll(async () => (await repository.users()).waiting).toHaveLength(2);
  await gone.terminate();
  await repository.endMaintenance();
  await epochsOf(next);
  // It could not be told that it has a lease, and so was looked at.
  await expect.poll(async () => (await repository.users()).held).toEqual([next.workflowId]);
  await letGo(next);
});

test('the last run that waited is terminated, and the repository goes on', async () => {
  const repository = await new Repository('last', { lookMs: 600_000, lookMaxMs: 600_000 }).start();
  await repository.askForMaintenance();
  const last = await hold('last', ['last']);
  await expect.poll(async () => (await repository.users()).waiting).toHaveLength(1);
  await last.terminate();
  await repository.endMaintenance();
  await expect.poll(() => repository.users()).toEqual({ held: [], waiting: [] });
  const next = await hold('next', ['last']);
  await epochsOf(next);
  await letGo(next);
});

test('a run that is cancelled, or waits for too long, leaves the queue', async () => {
  const repository = await new Repository('left').start();
  await repository.askForMaintenance();
  const cancelled = await hold('cancelled', ['left']);
  const late = await hold('late', ['left'], { waitMs: 1000 });
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
  const [first, last] = [
    await new Repository('order-1').start(),
    new Repository('order-2', { ...QUICK, patienceMs: 0 }),
  ];
  await last.start();
  await first.askForMaintenance();
  const run = await hold('run', ['order-2', 'order-1', 'order-2']);
  await expect.poll(async () => (await first.users()).waiting).toEqual([run.workflowId]);
  expect((await last.users()).held).toEqual([]);
  await first.endMaintenance();
  expect(await epochsOf(run)).toHaveLength(2);
  await last.askForMaintenance();
  const backup = await hold('backup', ['order-2']);
  const restore = await hold('restore', ['order-2'], { purpose: 'Restore' });
  await epochsOf(restore);
  expect((await last.users()).waiting).toEqual(['the maintenance', backup.workflowId]);
  await letGo(run);
  await letGo(restore);
  await last.endMaintenance();
  await letGo(backup);
});

test.each<Part>(['worker', 'temporal'])(
  'a kill of %s loses no lease and nobody who waits',
  async (part) => {
    const used = await new Repository(`used-${part}`).start();
    const maintained = await new Repository(`maintained-${part}`).start();
    const holder = await hold('holder', [`used-${part}`]);
    const [epoch = 0] = await epochsOf(holder);
    await Promise.all([used.askForMaintenance(), maintained.askForMaintenance()]);
    const waiting = await hold('waiting', [`maintained-${part}`]);
    await expect.poll(async () => (await maintained.users()).waiting).toHaveLength(1);
    await installation.kill(part);
    await Promise.all([installation.startPart(part), letGo(holder), maintained.endMaintenance()]);
    const [later = 0] = await epochsOf(waiting);
    expect(later).toBeGreaterThan(epoch);
    expect((await used.users()).held).toEqual(['the maintenance']);
    await used.endMaintenance();
    await letGo(waiting);
  },
);

test('a repository whose history is long goes on with its leases', async () => {
  const repository = await new Repository('long', { ...QUICK, historyEventsMax: 30 }).start();
  const holder = await hold('holder', ['long']);
  const [first = 0] = await epochsOf(holder);
  const { runId } = await repository.handle.describe();
  const epochs: number[] = [];
  for (let time = 0; time < 5; time += 1) {
    const other = await hold('other', ['long']);
    epochs.push(...(await epochsOf(other)));
    await letGo(other);
  }
  expect(epochs).toEqual([1, 2, 3, 4, 5].map((later) => first + later));
  expect((await repository.handle.describe()).runId).not.toBe(runId);
  expect(await repository.events()).toBeLessThan(60);
  expect((await repository.users()).held).toEqual([holder.workflowId]);
  await letGo(holder);
});

test('a repository that nobody uses ends, and its epochs go on when it is used again', async () => {
  const repository = await new Repository('idle', { ...QUICK, idleMs: 3000 }).start();
  const [first, second] = [await hold('first', ['idle']), await hold('second', ['idle'])];
  const epochs = [...(await epochsOf(first)), ...(await epochsOf(second))];
  await letGo(first);
  await letGo(second);
  await repository.handle.result();
  const third = await hold('third', ['idle']);
  const [later = 0] = await epochsOf(third);
  expect(later).toBeGreaterThan(Math.max(...epochs));
  await letGo(third);
});

test('a run whose place in the queue was lost asks again', async () => {
  const repository = await new Repository('lost').start();
  await repository.askForMaintenance();
  const run = await hold('run', ['lost'], { askAgainMs: 300 });
  await expect.poll(async () => (await repository.users()).waiting).toEqual([run.workflowId]);
  await repository.handle.terminate();
  await epochsOf(run);
  await letGo(run);
});
