import { setTimeout as sleep } from 'node:timers/promises';

import { isEndPhase } from '../../domain/phase.ts';
import type { RunStep } from '../../domain/run-status.ts';
import { CONFIG_MAP, fillNamespace, giveOwners, itemName } from './cluster-fixture.ts';
import type { Installation } from './installation.ts';
import { deleteNamespace, kubectl } from './kubectl.ts';
import { namespaceSnapshot } from './namespace-snapshot.ts';
import { restoreReport } from './restore-report.ts';

/** Objects that are there before a restore: half as in the backup, half with other data. */
export const PRESENT = 100;
/** Objects of the backup, the last ones, that the first ones own. */
const OWNED = 200;
const BYTES = 300;
const POLL_MS = 100;
/** Parts of the time that an undisturbed restore takes, between which a worker is killed. */
const EARLIEST = 0.05;
const LATEST = 0.9;
const STEP_POLL_MS = 10;
/** How often a restore may have ended before its kill; each try waits half as long. */
const TRIES_MAX = 4;

/** What a restore leaves: how it ended, what it says of each item, and what the namespace holds. */
export interface RestoreEnd {
  readonly phase: string;
  readonly counts: unknown;
  /** Each item with its verb, as often as it is reported; the namespace is called `COPY`. */
  readonly report: readonly string[];
  readonly objects: Readonly<Record<string, string>>;
  /** Owned objects by name, with the name of the object in the namespace that has the owner's uid. */
  readonly owners: Readonly<Record<string, string>>;
}

/** When a worker is killed: at a random point of the time that an undisturbed restore takes, or in a step. */
export type KillPoint = { readonly undisturbedMs: number } | { readonly step: RunStep };

/** A restore whose worker was killed, and when. */
export interface KilledRestore {
  readonly name: string;
  readonly afterMs: number;
  /** In which step it was just before. */
  readonly step: RunStep | undefined;
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
    await giveOwners(this.#source, { type: CONFIG_MAP, count: objects, owned: OWNED });
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

  /** Starts a restore and kills the worker at a point of it; then there is a worker again. */
  async startAndKill(name: string, point: KillPoint): Promise<KilledRestore> {
    const part = EARLIEST + this.#random() * (LATEST - EARLIEST);
    for (let tries = 1; tries <= TRIES_MAX; tries++) {
      const own = `${name}-${String(tries)}`;
      await this.start(own);
      const started = Date.now();
      if ('step' in point) {
        await this.#reached(own, point.step);
      } else {
        await sleep((point.undisturbedMs * part) / 2 ** (tries - 1));
      }
      const run = await this.#installation.look('restores', own);
      await this.#installation.kill('worker');
      const afterMs = Date.now() - started;
      await this.#installation.startPart('worker');
      if (run !== undefined && !isEndPhase(run.status.phase)) {
        return { name: own, afterMs, step: run.status.step };
      }
    }
    throw new Error(`the restores ${name} end before they can be disturbed`);
  }

  /** Waits until a restore is in a step, or has ended. */
  async #reached(name: string, step: RunStep): Promise<void> {
    for (;;) {
      const run = await this.#installation.look('restores', name);
      if (run?.status.step === step || (run !== undefined && isEndPhase(run.status.phase))) {
        return;
      }
      await sleep(STEP_POLL_MS);
    }
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
      owners: await ownersIn(copy),
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
    const change = JSON.stringify({ data: { value: 'changed' } });
    await kubectl('-n', copy, 'patch', ...names.slice(PRESENT / 2), '-p', change);
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

/** Owned ConfigMaps of a namespace by name, with the name of the one that has the owner's uid. */
export async function ownersIn(namespace: string): Promise<Record<string, string>> {
  const { name, uid, owner } = {
    ...{ name: 'N:.metadata.name', uid: 'U:.metadata.uid' },
    owner: 'O:.metadata.ownerReferences[*].uid',
  };
  const columns = `custom-columns=${name},${uid},${owner}`;
  const table = await kubectl('-n', namespace, 'get', 'configmaps', '--no-headers', '-o', columns);
  const rows = table
    .trim()
    .split('\n')
    .map((line) => line.split(/ +/));
  const names = new Map(rows.map(([own = '', ownUid = '']) => [ownUid, own]));
  const owned = rows.filter(([, , ownerUid]) => ownerUid !== '<none>');
  return Object.fromEntries(
    owned.map(([own = '', , ownerUid = '']) => [own, names.get(ownerUid) ?? 'nobody']),
  );
}

/** The owners that the objects of a backup have. */
export function ownersOf(objects: number): Record<string, string> {
  return Object.fromEntries(
    Array.from({ length: OWNED }, (_, index) => [
      itemName(objects - OWNED + index),
      itemName(index),
    ]),
  );
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
    ...Object.keys({ ...one.owners, ...other.owners })
      .filter((name) => one.owners[name] !== other.owners[name])
      .map((name) => `owner of ${name}: ${String(other.owners[name])}`),
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
