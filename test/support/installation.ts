import { type ChildProcess, spawn } from 'node:child_process';
import { randomBytes } from 'node:crypto';
import { mkdtemp, rm } from 'node:fs/promises';
import { connect } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';

import type { Problem, RunResource } from '../../domain/api-resource.ts';
import { isEndPhase } from '../../domain/phase.ts';
import { parseStorageLocations, type StorageLocation } from '../../domain/storage-location.ts';
import { openObjectStore } from '../../storage/object-store/open.ts';
import type { ObjectStore } from '../../storage/object-store/port.ts';
import { freePort } from './free-port.ts';
import {
  AGENT_NODE,
  commandOf,
  environmentOf,
  type InstallationOptions,
  type Part,
  partsOf,
  type PlacedInstallation,
} from './installation-parts.ts';

export { AGENT_NODE, type InstallationOptions, type Part } from './installation-parts.ts';

export interface Answer<Body> {
  readonly status: number;
  readonly headers: Headers;
  readonly body: Body;
}

/** Much is started at once by tests. */
const START_WAIT_MS = 180_000;
/** Said when a program is not there, which can only be the Temporal CLI. */
const CLI_HINT =
  'tests start Temporal servers of their own, whatever TEMPORAL_ADDRESS says; put the Temporal CLI on the path, ' +
  'or name it in HOLDFAST_TEMPORAL_CLI';

/**
 * A whole Holdfast with a Temporal server, task queue and location of its own, on the test bed's cluster and S3
 * server. Any part can be killed and started again.
 */
export class Installation {
  readonly name = `t${randomBytes(4).toString('hex')}`;
  /** The node whose agent is started next. */
  agentNode: string;
  /** Holdfast's own namespace; nobody makes it but a test that needs it. */
  readonly ownNamespace = `hf-${this.name}`;
  /** Of the location in the bucket. */
  readonly prefix: string;
  readonly #options: InstallationOptions;
  readonly #processes = new Map<Part, ChildProcess>();
  readonly #output: string[] = [];
  #folder = '';
  #ports = { temporal: 0, api: 0 };

  private constructor(options: InstallationOptions) {
    this.#options = options;
    this.agentNode = options.agentNode?.name ?? AGENT_NODE;
    this.prefix = options.prefix ?? `tests/${this.name}`;
  }

  static async start(options: InstallationOptions = {}): Promise<Installation> {
    const installation = new Installation(options);
    installation.#folder = await mkdtemp(join(tmpdir(), 'holdfast-test-'));
    installation.#ports = { temporal: await freePort(), api: await freePort() };
    try {
      const parts = partsOf(options);
      if (parts.includes('temporal')) {
        await installation.startPart('temporal');
      }
      const others = parts.filter((part) => part !== 'temporal');
      await Promise.all(others.map((part) => installation.startPart(part)));
      return installation;
    } catch (error) {
      await installation.#killAll();
      await rm(installation.#folder, { recursive: true, force: true });
      throw error;
    }
  }

  get temporalAddress(): string {
    return `127.0.0.1:${String(this.#ports.temporal)}`;
  }

  get apiUrl(): string {
    return `http://127.0.0.1:${String(this.#ports.api)}`;
  }

  /** What all parts have written so far. */
  get output(): string {
    return this.#output.join('');
  }

  /** Where Temporal keeps what it knows, among other things of the parts. */
  get folder(): string {
    return this.#folder;
  }

  /** Pid of a part, to look at its memory. */
  pidOf(part: Part): number {
    return this.#processes.get(part)?.pid ?? 0;
  }

  /** The location as the processes see it, or with `direct` past the proxy that a test put in front. */
  location(how: 'direct' | 'configured'): StorageLocation {
    const proxy = how === 'configured' ? this.#options.s3Endpoint : undefined;
    const fields = this.#options.isFolder
      ? { provider: 'folder', path: join(this.#folder, 'location') }
      : {
          provider: 's3',
          bucket: process.env['S3_BUCKET'] ?? 'holdfast',
          prefix: this.prefix,
          endpoint: proxy ?? process.env['S3_ENDPOINT'],
        };
    const [location] = parseStorageLocations(JSON.stringify([{ name: 'default', ...fields }]));
    if (location === undefined) {
      throw new Error('no location');
    }
    return location;
  }

  store(): ObjectStore {
    return openObjectStore(this.location('direct'));
  }

  async startPart(part: Part): Promise<void> {
    const placed = this.#placed();
    const { command, args } = commandOf(part, placed);
    const child = spawn(command, args, {
      env: environmentOf(part, placed),
      stdio: ['ignore', 'pipe', 'pipe'],
    });
    this.#processes.set(part, child);
    let text = '';
    const hear = (chunk: Buffer): void => {
      text += chunk.toString();
      this.#output.push(`${part}: ${chunk.toString()}`);
    };
    child.stdout.on('data', hear);
    child.stderr.on('data', hear);
    let spawnError: Error | undefined;
    child.once('error', (error) => {
      spawnError = error;
    });
    const deadline = Date.now() + START_WAIT_MS;
    while (!(await this.#isUp(part, text))) {
      if (spawnError !== undefined) {
        throw new Error(`${part} cannot be started: ${CLI_HINT} (${spawnError.message})`);
      }
      if (Date.now() > deadline || child.exitCode !== null) {
        throw new Error(`${part} did not start:\n${this.#output.join('')}`);
      }
      await sleep(100);
    }
  }

  /** Ends a part as a crash does. */
  async kill(part: Part): Promise<void> {
    await this.end(part, 'SIGKILL');
  }

  /** Sends a part a signal that ends it, and gives how it has ended: its exit code, or the signal that ended it. */
  async end(part: Part, signal: NodeJS.Signals): Promise<number | NodeJS.Signals | null> {
    const child = this.#processes.get(part);
    if (child?.pid === undefined) {
      return null;
    }
    if (child.exitCode === null && child.signalCode === null) {
      const exited = new Promise((resolve) => child.once('exit', resolve));
      child.kill(signal);
      await exited;
    }
    return child.exitCode ?? child.signalCode;
  }

  /** Removes all that Temporal knows, while it does not run. */
  async loseTemporal(): Promise<void> {
    for (const suffix of ['', '-wal', '-shm']) {
      await rm(join(this.#folder, `temporal.db${suffix}`), { force: true });
    }
  }

  /** Loses everything but the location, as with the machines that it ran on. */
  async lose(): Promise<void> {
    await this.#killAll();
    await rm(this.#folder, { recursive: true, force: true });
  }

  async stop(): Promise<void> {
    await this.#killAll();
    const store = this.store();
    for await (const page of store.list('')) {
      await store.remove(page.map(({ key }) => key));
    }
    store.close();
    await rm(this.#folder, { recursive: true, force: true });
  }

  async request<Body>(method: string, path: string, body?: unknown): Promise<Answer<Body>> {
    return this.#fetch(path, {
      method,
      body: body === undefined ? null : JSON.stringify(body),
      ...(body === undefined ? {} : { headers: { 'content-type': 'application/json' } }),
    });
  }

  async #fetch<Body>(path: string, init: RequestInit): Promise<Answer<Body>> {
    const response = await fetch(`${this.apiUrl}/api/v1${path}`, init);
    const text = await response.text();
    return {
      status: response.status,
      headers: response.headers,
      // Each test names the type that it expects and looks at what came.
      body: (text === '' ? undefined : JSON.parse(text)) as Body,
    };
  }

  createBackup(
    name: string,
    namespaces: readonly string[],
    more: object = {},
  ): Promise<Answer<RunResource & Problem>> {
    const spec = { includedNamespaces: namespaces, ...more };
    return this.request('POST', '/backups', { metadata: { name }, spec });
  }

  createRestore(name: string, spec: object): Promise<Answer<RunResource & Problem>> {
    return this.request('POST', '/restores', { metadata: { name }, spec });
  }

  /** Waits until a run has ended, whatever is killed meanwhile. */
  async ended(plural: 'backups' | 'restores', name: string): Promise<RunResource> {
    for (;;) {
      const run = await this.look(plural, name, { prefer: 'wait=30' });
      if (run !== undefined && isEndPhase(run.status.phase)) {
        return run;
      }
      await sleep(50);
    }
  }

  /** A run as it is now; undefined while a part that is needed to tell is away. */
  async look(
    plural: 'backups' | 'restores',
    name: string,
    headers: Readonly<Record<string, string>> = { 'cache-control': 'no-cache' },
  ): Promise<RunResource | undefined> {
    try {
      const { status, body } = await this.#fetch<RunResource>(`/${plural}/${name}`, { headers });
      return status === 200 ? body : undefined;
    } catch {
      return undefined;
    }
  }

  async #killAll(): Promise<void> {
    for (const part of ['api', 'agent', 'worker', 'temporal'] as const) {
      await this.kill(part);
    }
  }

  async #isUp(part: Part, text: string): Promise<boolean> {
    if (part === 'worker' || part === 'agent') {
      return text.includes('worker ready');
    }
    if (part === 'api') {
      return text.includes('Server listening');
    }
    return isListening(this.#ports.temporal);
  }

  #placed(): PlacedInstallation {
    return {
      ...{ name: this.name, ownNamespace: this.ownNamespace, options: this.#options },
      ...{ agentNode: this.agentNode, ports: this.#ports, folder: this.#folder },
      location: this.location('configured'),
    };
  }
}

function isListening(port: number): Promise<boolean> {
  return new Promise((resolve) => {
    const socket = connect(port, '127.0.0.1', () => {
      socket.destroy();
      resolve(true);
    });
    socket.once('error', () => {
      resolve(false);
    });
  });
}
