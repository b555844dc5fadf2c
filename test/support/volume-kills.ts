import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';

import { Client, Connection, type WorkflowHandle } from '@temporalio/client';
import type { temporal } from '@temporalio/proto';

import type { EngineRun, RepositoryAccess, VolumeEngine } from '../../activities/engine/port.ts';
import { repositoryPassword } from '../../activities/engine/repository-password.ts';
import { resticConfig } from '../../activities/engine/restic/config.ts';
import { createResticEngine } from '../../activities/engine/restic/engine.ts';
import { MASTER_KEY_SECRET } from '../../activities/volumes/master-key.ts';
import type { RunVolume } from '../../domain/api-resource.ts';
import { backupKeys } from '../../domain/object-key.ts';
import { isEndPhase } from '../../domain/phase.ts';
import type { CopyRecord } from '../../domain/volumes/copy-record.ts';
import { newLeaseTable } from '../../domain/volumes/lease-table.ts';
import { NO_MAINTENANCE } from '../../domain/volumes/maintenance-plan.ts';
import {
  repositoryWorkflowId,
  volumesWorkflowId,
  WORKFLOW_TASK_QUEUE,
} from '../../domain/workflow-id.ts';
import { readJsonGz } from '../../storage/json-file.ts';
import {
  REPOSITORY_WORKFLOW,
  type RepositoryInput,
  repositoryStatusQuery,
} from '../../workflows/contract.ts';
import { copyProcesses } from './copy-processes.ts';
import type { Installation } from './installation.ts';
import { kubectl } from './kubectl.ts';

type Runs = 'backups' | 'restores';

const POLL_MS = 50;
const MOVING: Readonly<Record<Runs, string>> = { backups: 'Copying', restores: 'Restoring' };

/** How a volume was moved: the attempts that it took, and what ended the last of them that failed. */
export interface Attempts {
  readonly attempts: number;
  /** Code of the failure, or what Temporal says of a timeout or a shutdown. */
  readonly failure?: string;
}

/** What a repository holds, told by the engine and not by a record. */
export interface Stored {
  readonly snapshots: readonly Readonly<Record<string, string>>[];
  readonly locks: readonly string[];
}

/**
 * A restic whose progress is little ahead of what is stored: it keeps a few MB in memory where it would keep a hundred.
 * Gives its path, in a folder that the caller removes.
 */
export async function smallStepRestic(): Promise<{ folder: string; path: string }> {
  const folder = await mkdtemp(join(tmpdir(), 'holdfast-restic-'));
  const path = join(folder, 'restic');
  const real = process.env['HOLDFAST_RESTIC'] ?? '';
  const flags = '--pack-size 4 -o s3.connections=1';
  await writeFile(path, `#!/bin/sh\nexec ${real} "$@" ${flags}\n`, { mode: 0o755 });
  return { folder, path };
}

/** Looks at the copies and restores of volumes of an installation, and at their repositories, while things are killed. */
export class VolumeKills {
  readonly #installation: Installation;
  readonly #engine: VolumeEngine;
  readonly #cache: string;

  private constructor(installation: Installation, cache: string) {
    this.#installation = installation;
    this.#cache = cache;
    this.#engine = createResticEngine({ ...resticConfig(process.env), cacheDir: cache });
  }

  static async of(installation: Installation): Promise<VolumeKills> {
    return new VolumeKills(installation, await mkdtemp(join(tmpdir(), 'holdfast-cache-')));
  }

  async stop(): Promise<void> {
    await rm(this.#cache, { recursive: true });
  }

  /** Waits until a part of the data of a run is moved, or is read back; throws when the run has ended before. */
  async reached(plural: Runs, name: string, point: number | 'ReadingBack'): Promise<void> {
    const isThere = ({ phase, bytesDone = 0, bytesTotal = 0 }: RunVolume): boolean =>
      typeof point === 'string'
        ? phase === point
        : phase === MOVING[plural] && bytesTotal > 0 && bytesDone / bytesTotal >= point;
    for (;;) {
      const run = await this.#installation.look(plural, name);
      if (run !== undefined && isEndPhase(run.status.phase)) {
        throw new Error(`${name} ended before ${String(point)} of it was seen`);
      }
      if (run?.status.volumes?.items?.some(isThere)) {
        return;
      }
      await sleep(POLL_MS);
    }
  }

  /** Ids of the processes of restic that move the first volume of a run on this machine. */
  async engines(plural: Runs, name: string): Promise<number[]> {
    const run = await this.#installation.look(plural, name);
    return copyProcesses(`${run?.metadata.uid ?? ''}.0`);
  }

  /** Kills them, and gives their number. */
  async killEngine(plural: Runs, name: string): Promise<number> {
    const pids = await this.engines(plural, name);
    for (const pid of pids) {
      process.kill(pid, 'SIGKILL');
    }
    return pids.length;
  }

  /** How the first volume of a run was moved. */
  async attemptsOf(plural: Runs, name: string): Promise<Attempts> {
    const run = await this.#installation.look(plural, name);
    const id = volumesWorkflowId(run?.status.temporal?.workflowId ?? '', 0);
    return this.#withClient(async (client) => moveIn(client.workflow.getHandle(id)));
  }

  /** The record of the only volume of a backup. */
  async record(backup: string): Promise<CopyRecord> {
    const [record, ...others] = await this.records(backup);
    if (record === undefined || others.length > 0) {
      throw new Error(`the backup ${backup} has not one volume`);
    }
    return record;
  }

  /** The records of all volumes of a backup. */
  async records(backup: string): Promise<readonly CopyRecord[]> {
    const store = this.#installation.store();
    // What a test reads here is what the backup wrote.
    const records = (await readJsonGz(store, backupKeys(backup).volumes)) as CopyRecord[];
    store.close();
    return records;
  }

  /** What is in the repository of a copy. */
  async stored(record: CopyRecord): Promise<Stored> {
    const repository = await this.#accessTo(record);
    const run: EngineRun = { key: 'test', signal: new AbortController().signal };
    const { clusterUid } = record;
    const snapshots = await this.#engine.snapshots({ repository, clusterUid }, run);
    return {
      snapshots: snapshots.map(({ labels }) => labels),
      locks: await this.#engine.locks(repository, run),
    };
  }

  /** Workflows that have, or wait for, a lease of the repository of a copy. */
  async holders({ clusterUid, namespace }: CopyRecord): Promise<readonly string[]> {
    const id = repositoryWorkflowId({ location: 'default', clusterUid, namespace });
    return this.#withClient(async (client) => {
      const { leases, waiting } = await client.workflow.getHandle(id).query(repositoryStatusQuery);
      return [...leases, ...waiting].map(({ holder }) => holder);
    });
  }

  /** Has the repository of a copy maintained at once, and gives how that ended. */
  async maintain({ clusterUid, namespace }: CopyRecord): Promise<string> {
    const key = { location: 'default', clusterUid, namespace };
    const now = Date.now();
    const rules = { lookMs: 300, lookMaxMs: 300, lockPauseMs: 500, everyMs: 3_600_000 };
    const input: RepositoryInput = {
      ...{ ...key, cluster: this.#installation.name, rules },
      state: {
        ...{ table: newLeaseTable(now), changedMs: now },
        maintenance: { ...NO_MAINTENANCE, dueMs: 1, isUsed: true },
      },
    };
    return this.#withClient(async (client) => {
      const handle = await client.workflow.start(REPOSITORY_WORKFLOW, {
        ...{ workflowId: repositoryWorkflowId(key), taskQueue: WORKFLOW_TASK_QUEUE },
        ...{ args: [input], workflowIdConflictPolicy: 'TERMINATE_EXISTING' },
      });
      for (;;) {
        const { maintenance } = await handle.query(repositoryStatusQuery);
        if (maintenance.last !== undefined) {
          return maintenance.lastFailure?.code ?? maintenance.last.end;
        }
        await sleep(POLL_MS);
      }
    });
  }

  async #accessTo({ repository, clusterUid, namespace }: CopyRecord): Promise<RepositoryAccess> {
    const args = ['get', 'secret', MASTER_KEY_SECRET, '-o', 'jsonpath={.data.key}'];
    const encoded = await kubectl('-n', this.#installation.ownNamespace, ...args);
    const key = Buffer.from(encoded, 'base64').toString();
    return {
      ...{ location: this.#installation.location('direct'), path: repository },
      password: repositoryPassword(key, { clusterUid, namespace }),
    };
  }

  async #withClient<Result>(run: (client: Client) => Promise<Result>): Promise<Result> {
    const address = this.#installation.temporalAddress;
    const connection = await Connection.connect({ address });
    try {
      return await run(new Client({ connection }));
    } finally {
      await connection.close();
    }
  }
}

/** The move of a volume in the history of its batch. */
async function moveIn(batch: WorkflowHandle): Promise<Attempts> {
  const events = (await batch.fetchHistory()).events ?? [];
  const moves = events.filter(({ activityTaskScheduledEventAttributes: what }) =>
    /^(copy|restore)Volume$/.test(what?.activityType?.name ?? ''),
  );
  const ids = moves.map(({ eventId }) => String(eventId));
  const [started, ...others] = events.flatMap(({ activityTaskStartedEventAttributes: what }) =>
    what != null && ids.includes(String(what.scheduledEventId)) ? [what] : [],
  );
  if (started === undefined || others.length > 0) {
    throw new Error('the batch has not one move');
  }
  const { attempt, lastFailure } = started;
  return {
    attempts: attempt ?? 0,
    ...(lastFailure == null ? {} : { failure: wordOf(lastFailure) }),
  };
}

/** Our own failures begin with their code; Temporal says a timeout in a sentence. */
function wordOf({ message, timeoutFailureInfo }: temporal.api.failure.v1.IFailure): string {
  return timeoutFailureInfo == null ? (message ?? '').replace(/:.*/s, '') : 'timeout';
}
