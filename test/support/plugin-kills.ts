import { type ChildProcess, spawn } from 'node:child_process';
import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { fileURLToPath } from 'node:url';

import { expect } from 'vitest';

import type { RunResource } from '../../domain/api-resource.ts';
import { isEndPhase } from '../../domain/phase.ts';
import { pluginTaskQueue } from '../../domain/workflow-id.ts';
import { applyYaml } from './applied-yaml.ts';
import { freshNamespace } from './fresh-namespace.ts';
import { Installation } from './installation.ts';
import {
  endFile,
  type KeptOperation,
  type KeptOperations,
  readOperations,
} from './kept-operations.ts';
import { deleteNamespace } from './kubectl.ts';

const PLUGIN = 'mover';
const MAIN = fileURLToPath(new URL('plugin-main.ts', import.meta.url));
const LOOK_MS = 100;

/** What a test takes away while a plugin is at work. */
export const KILLED_PARTS = ['plugin', 'worker', 'temporal'] as const;
export type KilledPart = (typeof KILLED_PARTS)[number];

interface PluginTimes {
  /** How long a call takes that begins operations or cancels them. */
  readonly callMs?: number;
  /** Pause between two questions how far operations are. */
  readonly pollMs?: number;
}

/** An installation with a plugin whose operations go on until they are told to end, and whose parts can be killed. */
export class PluginKills {
  readonly installation: Installation;
  readonly #namespace: string;
  readonly #folder: string;
  readonly #times: Required<PluginTimes>;
  #plugin: ChildProcess | undefined;

  private constructor(
    installation: Installation,
    { namespace, folder, times }: { namespace: string; folder: string; times: PluginTimes },
  ) {
    this.installation = installation;
    this.#namespace = namespace;
    this.#folder = folder;
    this.#times = { callMs: 0, pollMs: 500, ...times };
  }

  /** With so many items of which each begins an operation. */
  static async start(items: number, times: PluginTimes = {}): Promise<PluginKills> {
    const [installation, namespace, folder] = await Promise.all([
      Installation.start(),
      freshNamespace('plugin-kills'),
      mkdtemp(join(tmpdir(), 'holdfast-plugin-')),
    ]);
    const kills = new PluginKills(installation, { namespace, folder, times });
    const objects = Array.from({ length: items }, (_, index) => ({
      ...{ apiVersion: 'v1', kind: 'ConfigMap', data: { a: 'b' } },
      metadata: { namespace, name: `item-${String(index)}`, labels: { plugin: 'yes' } },
    }));
    const list = { apiVersion: 'v1', kind: 'List', items: objects };
    await Promise.all([applyYaml(JSON.stringify(list)), kills.startPart('plugin')]);
    // Short, since a call that a killed worker had taken is made again only then.
    const spec = { cluster: installation.name, callTimeout: '4s', unavailableTimeout: '2m' };
    const registered = await installation.request('POST', '/plugins', {
      metadata: { name: PLUGIN },
      spec,
    });
    expect(registered.status).toBe(201);
    return kills;
  }

  async stop(): Promise<void> {
    await this.kill('plugin');
    await this.installation.stop();
    const namespaces = [this.#namespace, this.installation.ownNamespace];
    await Promise.all(namespaces.map(deleteNamespace));
    await rm(this.#folder, { recursive: true });
  }

  async kill(part: KilledPart): Promise<void> {
    if (part !== 'plugin') {
      await this.installation.kill(part);
    } else if (this.#plugin?.exitCode === null && this.#plugin.signalCode === null) {
      const exited = new Promise((resolve) => this.#plugin?.once('exit', resolve));
      this.#plugin.kill('SIGKILL');
      await exited;
    }
  }

  async startPart(part: KilledPart): Promise<void> {
    if (part !== 'plugin') {
      await this.installation.startPart(part);
      return;
    }
    const { name, temporalAddress } = this.installation;
    const { callMs, pollMs } = this.#times;
    const args = [MAIN, pluginTaskQueue(name, PLUGIN), this.#state, String(callMs), String(pollMs)];
    const child = spawn(process.execPath, args, {
      env: { ...process.env, TEMPORAL_ADDRESS: temporalAddress },
      stdio: ['ignore', 'pipe', 'ignore'],
    });
    this.#plugin = child;
    await new Promise<void>((resolve, reject) => {
      child.stdout.once('data', () => {
        resolve();
      });
      child.once('exit', () => {
        reject(new Error('the plugin has ended'));
      });
    });
  }

  /** Kills a part, and has it back after some time. */
  async disturb(part: KilledPart, awayMs: number): Promise<void> {
    await this.kill(part);
    await sleep(awayMs);
    await this.startPart(part);
  }

  async createBackup(name: string, spec: object = {}): Promise<void> {
    const more = { includedResources: ['configmaps'], itemOperationTimeout: '1h', ...spec };
    const { status } = await this.installation.createBackup(name, [this.#namespace], more);
    expect(status).toBe(202);
  }

  /** Lets operations end. */
  async letEnd(): Promise<void> {
    await writeFile(endFile(this.#state), '');
  }

  /** Operations that begin later go on again. */
  async letGoOn(): Promise<void> {
    await rm(endFile(this.#state), { force: true });
  }

  /** The operations of a backup, as the plugin has them. */
  operations(runUid: string): readonly KeptOperation[] {
    const all: KeptOperations = readOperations(this.#state);
    return Object.entries(all).flatMap(([id, operation]) =>
      id.startsWith(runUid) ? operation : [],
    );
  }

  /** Waits until the API tells of progress that was made since now. */
  async expectProgress(backup: string, runUid: string): Promise<void> {
    const before = Math.max(...this.operations(runUid).map(({ done }) => done));
    const told = async () => toldProgress(await this.installation.look('backups', backup));
    await expect.poll(told, { timeout: 90_000 }).toBeGreaterThan(before);
  }

  /** When the API said first that a backup has ended, and the backup then. */
  async watched(backup: string): Promise<{ readonly atMs: number; readonly run: RunResource }> {
    for (;;) {
      const run = await this.installation.look('backups', backup);
      if (run !== undefined && isEndPhase(run.status.phase)) {
        return { atMs: Date.now(), run };
      }
      await sleep(LOOK_MS);
    }
  }

  get #state(): string {
    return join(this.#folder, 'operations.json');
  }
}

/** What the operation that has moved most has moved, as the API tells it; nothing while it tells nothing. */
export function toldProgress(run: RunResource | undefined): number {
  return Math.max(-1, ...(run?.status.operations?.running ?? []).map(({ done = -1 }) => done));
}
