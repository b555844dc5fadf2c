import { setTimeout as sleep } from 'node:timers/promises';

import { expect } from 'vitest';

import type { BackupResource } from '../../domain/api-resource.ts';
import { backupKeys } from '../../domain/object-key.ts';
import type { CopyRecord } from '../../domain/volumes/copy-record.ts';
import { readJsonGz } from '../../storage/json-file.ts';
import { ApiRelay } from './api-relay.ts';
import { FreezableVolume } from './freezable-volume.ts';
import { freshNamespace } from './fresh-namespace.ts';
import { Installation, type Part } from './installation.ts';
import { deleteNamespace, kubectl } from './kubectl.ts';
import { PackGate } from './pack-gate.ts';
import { terminateBackup } from './terminate-backup.ts';

/**
 * How much later than its deadline a pod is thawed at the latest: the sweeper of the cluster worker looks every 5 s, it
 * leaves 5 s to another one who was about to thaw and died, and the commands take their time on a busy machine.
 */
const GRACE_MS = 15_000;
const POLL_MS = 50;
/** How much earlier than `deadlineMs` the deadline may be: it counts from before the pre hook. */
const DEADLINE_MS = 4000;
/** Longer than any deadline that is waited for. */
const THAW_WAIT_MS = 120_000;
/** Far more than a backup takes until it freezes the pod. */
const FREEZE_WAIT_MS = 120_000;

/** A backup of a pod that it freezes, whose copy stands still until it is let go. */
export interface FrozenBackup {
  readonly name: string;
  readonly volume: FreezableVolume;
  /** The volume was not frozen before that, in milliseconds since 1970. */
  readonly frozenMs: number;
}

/** What was seen of a freeze and its copy, in milliseconds since 1970. */
export interface HonestTimes {
  readonly thawedMs: number;
  /** When the copy went on. */
  readonly releasedMs: number;
  /** Whether another backup has copied the pod since. */
  readonly isFollowed?: boolean;
}

/** How a backup is started; of a pod that waits for one, and held before its first data, when left out. */
export interface BackupStart {
  readonly volume?: FreezableVolume;
  readonly isHeldAtEnd?: boolean;
}

/** Takes a part away from a frozen backup, and gives how it is brought back. */
type Disturb = (kills: FreezeKills, backup: FrozenBackup) => Promise<() => Promise<void>>;

const nothing = (): Promise<void> => Promise.resolve();

function without(part: Part): Disturb {
  return async ({ installation }) => {
    await installation.kill(part);
    return () => installation.startPart(part);
  };
}

/** `terminate` ends the run, which cancels its batch of volumes; `terminate all` leaves nothing but the guard. */
export const KINDS = [
  'worker',
  'temporal',
  'temporal and worker',
  'API server',
  'cancel',
  'terminate',
  'terminate all',
] as const;
export type Disturbance = (typeof KINDS)[number];

/** What is done to a backup whose pod is frozen. */
export const DISTURBANCES: Readonly<Record<Disturbance, Disturb>> = {
  worker: without('worker'),
  temporal: without('temporal'),
  'temporal and worker': async ({ installation }) => {
    await installation.kill('temporal');
    await installation.kill('worker');
    // It sweeps before Temporal is there, and is ready only then.
    const started = installation.startPart('worker');
    return async () => {
      await installation.startPart('temporal');
      await started;
    };
  },
  'API server': ({ relay }) => {
    relay.goAway();
    return Promise.resolve(() => {
      relay.comeBack();
      return nothing();
    });
  },
  cancel: async ({ installation }, { name }) => {
    const { status } = await installation.request('POST', `/backups/${name}:cancel`);
    expect(status).toBeLessThan(300);
    return nothing;
  },
  terminate: async ({ installation }, { name }) => {
    await terminateBackup(installation, name);
    return nothing;
  },
  'terminate all': async ({ installation }, { name }) => {
    await terminateBackup(installation, name, { isWithVolumes: true });
    return nothing;
  },
};

/** Those that end a backup, so that it says nothing of a copy. */
export const ENDING: readonly Disturbance[] = ['cancel', 'terminate', 'terminate all'];

/** An installation whose backups freeze pods, and what must be true of them whatever is killed. */
export class FreezeKills {
  readonly installation: Installation;
  readonly relay: ApiRelay;
  readonly #gate: PackGate;
  readonly #thawAfterMs: number;
  readonly #volumes: FreezableVolume[] = [];
  readonly #unused: FreezableVolume[] = [];
  /** When the pods of backups were thawed. */
  readonly #thaws = new Map<string, number>();

  private constructor(
    parts: Pick<FreezeKills, 'installation' | 'relay'> & { gate: PackGate },
    thawAfterMs: number,
  ) {
    this.installation = parts.installation;
    this.relay = parts.relay;
    this.#gate = parts.gate;
    this.#thawAfterMs = thawAfterMs;
  }

  /** Starts Holdfast behind a relay to the API server. Pods are thawed so many milliseconds after their first hook. */
  static async start(thawAfterMs: number): Promise<FreezeKills> {
    const relay = await ApiRelay.start();
    const gate = await PackGate.start(process.env['S3_ENDPOINT'] ?? '');
    const { kubeconfig } = relay;
    const options = { hasAgent: true, kubeconfig, s3Endpoint: gate.url };
    const installation = await Installation.start(options);
    return new FreezeKills({ installation, relay, gate }, thawAfterMs);
  }

  /** Thaws what is frozen, and removes everything. */
  async stop(): Promise<void> {
    await Promise.all(this.#volumes.map((volume) => volume.thaw()));
    const namespaces = this.#volumes.map(({ namespace }) => namespace);
    await Promise.all([...namespaces, this.installation.ownNamespace].map(deleteNamespace));
    await this.installation.stop();
    this.#gate.stop();
    await this.relay.stop();
  }

  /** Makes pods for backups that are to come, each in a namespace of its own. */
  async makePods(count: number): Promise<void> {
    const pods = Array.from({ length: count }, () => this.makePod());
    this.#unused.push(...(await Promise.all(pods)));
  }

  /** Makes a pod in a namespace of its own. */
  async makePod(thawAfterMs = this.#thawAfterMs): Promise<FreezableVolume> {
    const namespace = await freshNamespace('freeze');
    const volume = await FreezableVolume.make({
      namespace,
      annotations: { 'holdfast.dev/thaw-after': `${String(thawAfterMs)}ms` },
      fill: 'dd if=/dev/urandom of=data/large bs=1M count=8 2>/dev/null',
    });
    this.#volumes.push(volume);
    return volume;
  }

  /**
   * Starts a backup of a pod and waits until that is frozen. The copy stands still: before its first data, or when all
   * data is stored.
   */
  async startBackup(name: string, how: BackupStart = {}): Promise<FrozenBackup> {
    const volume = how.volume ?? this.#unused.shift() ?? (await this.makePod());
    const { isHeldAtEnd: isOfSnapshots = false } = how;
    this.#gate.hold({ method: 'PUT', namespace: volume.namespace, bytes: 0, isOfSnapshots });
    await this.installation.createBackup(name, [volume.namespace]);
    const limitMs = Date.now() + FREEZE_WAIT_MS;
    for (;;) {
      const frozenMs = Date.now();
      if (await volume.isFrozen()) {
        void this.#watch(name, volume);
        return { name, volume, frozenMs };
      }
      if (frozenMs > limitMs) {
        throw new Error(`${name} freezes nothing`);
      }
      await sleep(POLL_MS);
    }
  }

  /** Removes the pod of a backup that has ended; each one that stays costs the machine. */
  async remove({ volume }: FrozenBackup): Promise<void> {
    this.#volumes.splice(this.#volumes.indexOf(volume), 1);
    await volume.thaw();
    await kubectl('delete', 'namespace', volume.namespace, '--wait=false');
  }

  /** Waits until the copy of a backup stands still. */
  async standsStill({ name, volume }: FrozenBackup): Promise<void> {
    const message = `the copy of ${name} stands still`;
    await expect.poll(() => this.#gate.holds(volume.namespace), { message }).toBe(true);
  }

  /** Lets the copy of a backup go on. */
  release({ volume }: FrozenBackup): void {
    this.#gate.release('pass', volume.namespace);
  }

  /** When the deadline of a backup is, in milliseconds since 1970, or a little later. */
  deadlineMs({ frozenMs }: FrozenBackup): number {
    return frozenMs + this.#thawAfterMs;
  }

  /**
   * Waits until a pod is thawed, and gives when that was. The limit is its deadline, or when everything was back that it
   * takes, where that is later.
   */
  async thawed(backup: FrozenBackup, backMs = 0): Promise<number> {
    const { name } = backup;
    await expect
      .poll(() => this.#thaws.get(name), {
        timeout: THAW_WAIT_MS,
        interval: POLL_MS,
        message: `${name} is thawed`,
      })
      .toBeDefined();
    const thawedMs = this.#thaws.get(name) ?? Infinity;
    const limitMs = Math.max(this.deadlineMs(backup), backMs) + GRACE_MS;
    expect(thawedMs, `${name} is thawed in time`).toBeLessThan(limitMs);
    return thawedMs;
  }

  /**
   * Expects that a backup has ended, and that it calls its copy consistent if the pod was thawed by the backup itself, and
   * does not if it was thawed before the copy had ended. Gives what it calls the copy.
   */
  async expectHonest(backup: FrozenBackup, times: HonestTimes): Promise<boolean> {
    const { name, volume } = backup;
    // The plural says which of the two kinds it is.
    const { status } = (await this.installation.ended('backups', name)) as BackupResource;
    expect(await volume.isFrozen()).toBe(false);
    const { isHeld, completionTimestamp } = await this.#record(name);
    const wanted = this.#isHeldOf(backup, times);
    if (wanted !== undefined) {
      expect({ name, isHeld }).toEqual({ name, isHeld: wanted });
    }
    if (isHeld === true) {
      expect(Date.parse(completionTimestamp)).toBeLessThanOrEqual(times.thawedMs);
      expect(status).toMatchObject({ phase: 'Completed', errors: 0 });
      return true;
    }
    expect(status.phase).toBe('PartiallyFailed');
    const codes = status.problems?.errors.map(({ code }) => code);
    expect(codes).toContain('volume-not-consistent');
    return false;
  }

  /** Whether the copy of an ended backup is consistent, where the times say so. */
  #isHeldOf(backup: FrozenBackup, times: HonestTimes): boolean | undefined {
    const { thawedMs, releasedMs, isFollowed = false } = times;
    // The copy has not ended before its snapshot is stored.
    const storedMs = (isFollowed ? undefined : this.#gate.storedMs(backup.volume.namespace)) ?? 0;
    if (releasedMs > thawedMs || storedMs > thawedMs) {
      return false;
    }
    // Guard and sweeper wait for the deadline.
    return thawedMs < this.deadlineMs(backup) - DEADLINE_MS ? true : undefined;
  }

  /** Expects that a backup which was ended from outside has done so, and that its pod stays thawed. */
  async expectEnded({ name, volume }: FrozenBackup): Promise<void> {
    const { phase } = (await this.installation.ended('backups', name)).status;
    this.#gate.release('refuse', volume.namespace);
    expect(['Cancelled', 'Failed']).toContain(phase);
    expect(await volume.isFrozen()).toBe(false);
  }

  async #watch(name: string, volume: FreezableVolume): Promise<void> {
    while (await volume.isFrozen()) {
      // A look takes a second where it is frozen, and ends with the thaw.
    }
    this.#thaws.set(name, Date.now());
  }

  async #record(backup: string): Promise<CopyRecord> {
    const store = this.installation.store();
    // What a test reads here is what the backup wrote.
    const records = (await readJsonGz(store, backupKeys(backup).volumes)) as CopyRecord[];
    store.close();
    const [record] = records;
    if (record === undefined) {
      throw new Error(`the backup ${backup} has no volume`);
    }
    return record;
  }
}
