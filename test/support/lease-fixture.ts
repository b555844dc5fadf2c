import { randomUUID } from 'node:crypto';
import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';

import { Client, Connection, type WorkflowHandle } from '@temporalio/client';
import { bundleWorkflowCode, DefaultLogger, NativeConnection } from '@temporalio/worker';
import { afterAll, beforeAll, expect } from 'vitest';

import { newLeaseTable } from '../../domain/volumes/lease-table.ts';
import { type MaintenanceState, NO_MAINTENANCE } from '../../domain/volumes/maintenance-plan.ts';
import type { RepositoryRules } from '../../domain/volumes/repository-rules.ts';
import type { RepositoryStatus } from '../../domain/volumes/repository-status.ts';
import {
  type RepositoryKey,
  repositoryWorkflowId,
  WORKFLOW_TASK_QUEUE,
} from '../../domain/workflow-id.ts';
import {
  acquireLeaseUpdate,
  releaseLeaseSignal,
  REPOSITORY_WORKFLOW,
  type RepositoryInput,
  repositoryStatusQuery,
} from '../../workflows/contract.ts';
import { type HoldState, holdStateQuery, letGoSignal } from './holding-workflows.ts';
import { Installation } from './installation.ts';

const QUICK: Partial<RepositoryRules> = { lookMs: 300, lookMaxMs: 300 };
const MAINTENANCE = { leaseId: 'maintenance', purpose: 'Maintenance' } as const;
export const CLUSTER_UID = 'cluster';

export interface HoldOptions {
  readonly purpose?: 'Backup' | 'Restore';
  readonly waitMs?: number;
  readonly askAgainMs?: number;
}

export interface RepositoryOptions extends Partial<RepositoryRules> {
  /** Whose workers maintain it; the installation's own cluster when left out. */
  readonly cluster?: string;
  readonly maintenance?: Partial<MaintenanceState>;
}

/** A Holdfast with a location in a folder, and runs that hold leases of repositories and do nothing else. */
export class LeaseFixture {
  #installation: Installation | undefined;
  #client: Client | undefined;
  #native: NativeConnection | undefined;

  /** Starts everything before the tests of the file, and ends it after them. */
  static forFile(): LeaseFixture {
    const fixture = new LeaseFixture();
    let folder = '';
    beforeAll(async () => {
      folder = await mkdtemp(join(tmpdir(), 'holdfast-leases-'));
      process.env['HOLDFAST_WORKFLOW_BUNDLE'] = await bundleInto(folder);
      const installation = await Installation.start({ isFolder: true });
      const address = installation.temporalAddress;
      fixture.#installation = installation;
      fixture.#client = new Client({ connection: await Connection.connect({ address }) });
      fixture.#native = await NativeConnection.connect({ address });
    });
    afterAll(async () => {
      // First, so that no process is left behind when a worker of the test still holds a connection.
      await fixture.installation.stop();
      await rm(folder, { recursive: true });
      await Promise.all([fixture.client.connection.close(), fixture.native.close()]);
    });
    return fixture;
  }

  get installation(): Installation {
    return present(this.#installation);
  }

  get client(): Client {
    return present(this.#client);
  }

  get native(): NativeConnection {
    return present(this.#native);
  }

  /** Starts the workflow of the repository of a namespace. */
  async repository(namespace: string, options: RepositoryOptions = {}): Promise<TestRepository> {
    const { cluster = this.installation.name, maintenance, ...rules } = options;
    const key = { location: 'default', clusterUid: CLUSTER_UID, namespace };
    const now = Date.now();
    const state = { table: newLeaseTable(now), changedMs: now };
    const input: RepositoryInput = {
      ...{ ...key, cluster, rules: { ...QUICK, ...rules } },
      state: { ...state, maintenance: { ...NO_MAINTENANCE, ...maintenance } },
    };
    const workflowId = repositoryWorkflowId(key);
    const start = { workflowId, taskQueue: WORKFLOW_TASK_QUEUE, args: [input] };
    await this.client.workflow.start(REPOSITORY_WORKFLOW, start);
    return new TestRepository(key, this.client.workflow.getHandle(workflowId));
  }

  /** Starts a run that needs leases of some repositories. */
  hold(name: string, namespaces: string[], options: HoldOptions = {}) {
    const ask = {
      ...{ cluster: this.installation.name, location: 'default', clusterUid: CLUSTER_UID },
      ...{ namespaces, purpose: 'Backup', waitMs: 120_000, ...options },
    };
    return this.client.workflow.start('hold', {
      workflowId: `${name}-${randomUUID().slice(0, 8)}`,
      taskQueue: WORKFLOW_TASK_QUEUE,
      args: [ask],
    });
  }

  stateOf(run: WorkflowHandle): Promise<HoldState> {
    return run.query(holdStateQuery);
  }

  /** The epochs of the leases of a run, once it has them. */
  async epochsOf(run: WorkflowHandle): Promise<number[]> {
    await expect.poll(() => this.stateOf(run)).toHaveProperty('epochs');
    return Object.values((await this.stateOf(run)).epochs ?? {});
  }

  /** Ends a run, which gives back what it has. */
  async letGo(run: WorkflowHandle): Promise<void> {
    await run.signal(letGoSignal);
    await run.result();
  }
}

/** The repository of a namespace, and the workflow that keeps it. */
export class TestRepository {
  readonly key: RepositoryKey;
  readonly handle: WorkflowHandle;

  constructor(key: RepositoryKey, handle: WorkflowHandle) {
    this.key = key;
    this.handle = handle;
  }

  status(): Promise<RepositoryStatus> {
    return this.handle.query(repositoryStatusQuery);
  }

  /** Ids of the workflows that have a lease, and of those that wait for one. */
  async users(): Promise<{ held: string[]; waiting: string[] }> {
    const { leases, waiting } = await this.status();
    return {
      held: leases.map(({ holder }) => holder),
      waiting: waiting.map(({ holder }) => holder),
    };
  }

  /** Events in the history of the workflow. */
  async events(): Promise<number> {
    return (await this.handle.describe()).historyLength;
  }

  /** Asks for the repository as its maintenance does. */
  askForMaintenance() {
    return this.handle.executeUpdate(acquireLeaseUpdate, { args: [MAINTENANCE] });
  }

  endMaintenance(): Promise<void> {
    return this.handle.signal(releaseLeaseSignal, MAINTENANCE.leaseId);
  }
}

async function bundleInto(folder: string): Promise<string> {
  const path = join(folder, 'workflows.js');
  const { code } = await bundleWorkflowCode({
    workflowsPath: fileURLToPath(new URL('./holding-workflows.ts', import.meta.url)),
    logger: new DefaultLogger('ERROR'),
  });
  await writeFile(path, code);
  return path;
}

function present<Value>(value: Value | undefined): Value {
  if (value === undefined) {
    throw new Error('the fixture has not been started');
  }
  return value;
}
