import { rm } from 'node:fs/promises';

import { expect } from 'vitest';

import type { RunResource } from '../../domain/api-resource.ts';
import { freshNamespace } from './fresh-namespace.ts';
import { AGENT_NODE, Installation } from './installation.ts';
import { deleteNamespace, kubectl } from './kubectl.ts';
import { PackGate } from './pack-gate.ts';
import { smallStepRestic, VolumeKills } from './volume-kills.ts';
import { applyVolumePod } from './volume-pods.ts';

/** Of what restic calls done, at least so much is not stored yet. */
const UNSENT_BYTES = 4 * 1024 * 1024;
/** Of what restic has fetched, at most so much is not written yet. */
const UNWRITTEN_BYTES = 8 * 1024 * 1024;

export interface KilledVolumesOptions {
  readonly megabytes: number;
  /** Whether an agent runs as a process of this machine, with a restic of small steps. */
  readonly hasAgent: boolean;
}

/**
 * Namespaces with one pod and one volume each, whose copies and restores stand still at a part of their data, so that
 * something can be killed there, and what must be true of them in the end.
 */
export class KilledVolumes {
  readonly installation: Installation;
  readonly kills: VolumeKills;
  readonly gate: PackGate;
  readonly #megabytes: number;
  readonly #folder: string;
  readonly #namespaces: string[] = [];

  private constructor(
    parts: Pick<KilledVolumes, 'installation' | 'kills' | 'gate'>,
    { megabytes, folder }: { megabytes: number; folder: string },
  ) {
    this.installation = parts.installation;
    this.kills = parts.kills;
    this.gate = parts.gate;
    this.#megabytes = megabytes;
    this.#folder = folder;
  }

  static async start({ megabytes, hasAgent }: KilledVolumesOptions): Promise<KilledVolumes> {
    const { folder, path: restic } = await smallStepRestic();
    const gate = await PackGate.start(process.env['S3_ENDPOINT'] ?? '');
    const installation = await Installation.start({ hasAgent, restic, s3Endpoint: gate.url });
    const kills = await VolumeKills.of(installation);
    return new KilledVolumes({ installation, kills, gate }, { megabytes, folder });
  }

  async stop(): Promise<void> {
    await Promise.all([...this.#namespaces, this.installation.ownNamespace].map(deleteNamespace));
    await this.installation.stop();
    this.gate.stop();
    await this.kills.stop();
    await rm(this.#folder, { recursive: true });
  }

  /** Makes a namespace with random data of its own: one large file, and some small ones with a hard link. */
  async namespace(): Promise<string> {
    const namespace = await freshNamespace('kills');
    this.#namespaces.push(namespace);
    const fill = [
      `dd if=/dev/urandom of=data/large bs=1M count=${String(this.#megabytes)} 2>/dev/null`,
      'mkdir data/many; for i in $(seq 100); do echo $i > data/many/$i; done; ln data/many/1 data/linked',
    ].join('\n');
    await applyVolumePod({ namespace, name: 'web', node: AGENT_NODE, claims: ['data'], fill });
    return namespace;
  }

  /** Starts a backup, which stands still when a part of its volume is copied. */
  async startBackup(name: string, namespace: string, part: number): Promise<void> {
    this.holdCopy(namespace, part);
    await this.installation.createBackup(name, [namespace]);
    await this.kills.reached('backups', name, part);
  }

  /** Lets the copy of a namespace stand still at a part of its data. */
  holdCopy(namespace: string, part: number): void {
    const bytes = Math.max(0, part * this.#bytes - UNSENT_BYTES);
    this.gate.hold({ method: 'PUT', namespace, bytes });
  }

  /** Deletes a namespace and starts its restore, which stands still when a part of its volume is written. */
  async startRestore(name: string, of: { backup: string; namespace: string; part: number }) {
    const { backup: backupName, namespace, part } = of;
    await deleteNamespace(namespace);
    this.gate.hold({ method: 'GET', namespace, bytes: part * this.#bytes + UNWRITTEN_BYTES });
    await this.installation.createRestore(name, { backupName });
    await this.kills.reached('restores', name, part);
  }

  /** Names, modes, owners and contents of what is in the volume. */
  async treeOf(namespace: string): Promise<string> {
    const script =
      'cd /volumes/data; find . | sort | xargs stat -c "%n %F %a %u:%g %h"; find . -type f | sort | xargs sha256sum';
    return kubectl('-n', namespace, 'exec', 'web', '--', 'sh', '-c', script);
  }

  /**
   * Expects a backup that was disturbed to be like the undisturbed one that is made now, with one snapshot for each, and
   * nothing to be locked once the repository was maintained.
   */
  async expectWholeBackup(name: string, namespace: string): Promise<void> {
    const undisturbed = `${name}-undisturbed`;
    const status = await this.#completed('backups', name);
    await this.installation.createBackup(undisturbed, [namespace]);
    expect(status.volumes).toEqual((await this.#completed('backups', undisturbed)).volumes);
    const [record, like] = [await this.kills.record(name), await this.kills.record(undisturbed)];
    expect(record.proof).toEqual({ ...like.proof, readBack: 'All' });
    if (record.copy.outcome !== 'Complete' || like.copy.outcome !== 'Complete') {
      throw new Error('a copy is not complete');
    }
    const { files, bytes } = like.copy.snapshot;
    expect(record.copy.snapshot).toMatchObject({ files, bytes });
    const { snapshots } = await this.kills.stored(record);
    expect(snapshots.map(({ backup, part }) => [backup, part])).toEqual([
      [name, '0'],
      [undisturbed, '0'],
    ]);
    expect(await this.kills.holders(record)).toEqual([]);
    expect(await this.kills.maintain(record)).toBe('Done');
    expect(await this.kills.stored(record)).toEqual({ snapshots, locks: [] });
  }

  /** Expects a restore that was disturbed to have given back what was in the volume. */
  async expectWholeRestore(name: string, namespace: string, tree: string): Promise<void> {
    expect((await this.#completed('restores', name)).volumes).toMatchObject({ done: 1, failed: 0 });
    await kubectl('-n', namespace, 'wait', '--for=condition=Ready', 'pod/web', '--timeout=60s');
    expect(await this.treeOf(namespace)).toBe(tree);
  }

  get #bytes(): number {
    return this.#megabytes * 1024 * 1024;
  }

  async #completed(plural: 'backups' | 'restores', name: string): Promise<RunResource['status']> {
    const { status } = await this.installation.ended(plural, name);
    expect(status).toMatchObject({ phase: 'Completed', errors: 0, warnings: 0 });
    return status;
  }
}
