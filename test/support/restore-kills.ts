import { setTimeout as sleep } from 'node:timers/promises';

import { isEndPhase } from '../../domain/phase.ts';
import { CONFIG_MAP, fillNamespace } from './cluster-fixture.ts';
import type { Installation } from './installation.ts';
import { deleteNamespace, kubectl } from './kubectl.ts';
import { namespaceSnapshot } from './namespace-snapshot.ts';
import { restoreReport } from './restore-report.ts';

/** Objects that are there before a restore: half as in the backup, half with another label. */
export const PRESENT = 100;
const BYTES = 300;
const POLL_MS = 100;
/** Parts of the time that an undisturbed restore takes, between which a worker is killed. */
const EARLIEST = 0.05;
const LATEST = 0.9;
/** How often a restore may have ended before its kill; each try waits half as long. */
const TRIES_MAX = 4;

/** What a restore leaves: how it ended, what it says of each item, and what the namespace holds. */
export interface RestoreEnd {
  readonly phase: string;
  readonly counts: unknown;
  /** Each item with its verb, as often as it is reported; the namespace is called `COPY`. */
  readonly report: readonly string[];
  readonly objects: Readonly<Record<string, string>>;
}

/** A restore whose worker was killed, and when. */
export interface KilledRestore {
  readonly name: string;
  readonly afterMs: number;
}

/**
 * Restores of one backup, each into a namespace of its own that holds some of the objects already, and whose worker is
 * killed at a random point.
 */
export class RestoreKills {
  readonly #installation: Installation;
  readonly #source: string;
  readonly #random: () => number;
  readonly #namespaces: string[] = [];

  constructor(installation: Installation, source: string, random: () => number) {
    this.#installation = installation;
    this.#source = source;
    this.#random = random;
  }

  /** Makes the namespace that is backed up, and its backup. */
  async backUp(objects: number): Promise<void> {
    this.#namespaces.push(this.#source);
    await fillNamespace(this.#source, { type: CONFIG_MAP, count: objects, bytes: BYTES });
    await this.#installation.createBackup(this.#source, [this.#source]);
    const { phase } = (await this.#installation.ended('backups', this.#source)).status;
    if (phase !== 'Completed') {
      throw new Error(`the backup is ${phase}`);
    }
  }

  /** Starts a restore into a namespace that is ready for it. */
  async start(name: string): Promise<void> {
    await this.#prepare(this.#copy(name));
    const namespaceMapping = { [this.#source]: this.#copy(name) };
    const spec = { backupName: this.#source, namespaceMapping };
    const { status } = await this.#installation.createRestore(name, spec);
    if (status !== 202) {
      throw new Error(`the restore is answered ${String(status)}`);
    }
  }

  /** Starts a restore and kills the worker at a random point of it; then there is a worker again. */
  async startAndKill(name: string, undisturbedMs: number): Promise<KilledRestore> {
    let afterMs = undisturbedMs * (EARLIEST + this.#random() * (LATEST - EARLIEST));
    for (let tries = 1; tries <= TRIES_MAX; tries++) {
      const own = `${name}-${String(tries)}`;
      await this.start(own);
      await sleep(afterMs);
      const run = await this.#installation.look('restores', own);
      await this.#installation.kill('worker');
      await this.#installation.startPart('worker');
      if (run !== undefined && !isEndPhase(run.status.phase)) {
        return { name: own, afterMs };
      }
      afterMs /= 2;
    }
    throw new Error(`the restores ${name} end before they can be disturbed`);
  }

  async end(name: string): Promise<RestoreEnd> {
    const { status } = await this.#installation.ended('restores', name);
    const copy = this.#copy(name);
    const objects = Object.entries(await namespaceSnapshot(copy));
    return {
      phase: status.phase,
      counts: 'counts' in status ? status.counts : undefined,
      report: await restoreReport(this.#installation, name, { [copy]: 'COPY' }),
      objects: Object.fromEntries(objects.map(([path, one]) => [path, JSON.stringify(one)])),
    };
  }

  /** Deletes all namespaces that were made until now; the last call waits for it. */
  async clear(how: 'now' | 'later'): Promise<void> {
    const names = this.#namespaces.filter((name) => how === 'now' || name !== this.#source);
    if (how === 'now') {
      await Promise.all(names.map(deleteNamespace));
    } else if (names.length > 0) {
      await kubectl('delete', 'namespace', ...names, '--ignore-not-found', '--wait=false');
    }
  }

  #copy(name: string): string {
    return `${this.#source}-${name}`;
  }

  async #prepare(copy: string): Promise<void> {
    this.#namespaces.push(copy);
    await fillNamespace(copy, { type: CONFIG_MAP, count: PRESENT, bytes: BYTES });
    const names = (await kubectl('-n', copy, 'get', 'configmaps', '-o', 'name'))
      .split('\n')
      .filter((name) => name.includes('/item-'));
    await kubectl('-n', copy, 'label', ...names.slice(PRESENT / 2), 'changed=yes');
    // What Kubernetes puts into each namespace must be there as well, or what is reported of it would vary.
    const own = ['serviceaccount/default', 'configmap/kube-root-ca.crt'];
    for (;;) {
      const found = await kubectl('-n', copy, 'get', ...own, '-o', 'name', '--ignore-not-found');
      if (found.trim().split('\n').length === own.length) {
        return;
      }
      await sleep(POLL_MS);
    }
  }
}

/** Where two ends differ; paths and lines, without what is in the objects. */
export function differences(one: RestoreEnd, other: RestoreEnd): string[] {
  const [left, right] = [
    new Map(Object.entries(one.objects)),
    new Map(Object.entries(other.objects)),
  ];
  const paths = new Set([...left.keys(), ...right.keys()]);
  const reported = new Set(one.report);
  return [
    ...[...paths].filter((path) => left.get(path) !== right.get(path)),
    ...other.report.filter((line) => !reported.has(line)).map((line) => `reported: ${line}`),
    ...other.report
      .filter((line, index) => line === other.report[index - 1])
      .map((line) => `reported twice: ${line}`),
    ...(one.report.length === other.report.length ? [] : ['another number of items is reported']),
  ];
}

/** Numbers from 0 to 1 that are the same for the same seed. Source: mulberry32, public domain. */
export function randomNumbers(seed: number): () => number {
  let state = seed;
  return () => {
    state = (state + 0x6d2b79f5) | 0;
    let mixed = Math.imul(state ^ (state >>> 15), 1 | state);
    mixed = (mixed + Math.imul(mixed ^ (mixed >>> 7), 61 | mixed)) ^ mixed;
    return ((mixed ^ (mixed >>> 14)) >>> 0) / 4294967296;
  };
}
