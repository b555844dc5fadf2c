import { type ChildProcess, spawn } from 'node:child_process';
import { createInterface } from 'node:readline';
import { setTimeout as sleep } from 'node:timers/promises';

/** Pause before a child that died is started again; grows with each death. */
const RESTART_PAUSE_MS = 500;
const RESTARTS_MAX = 10;
/** How long a child may take to end before it is killed. */
const END_WAIT_MS = 15_000;
/** Lines that are kept of a child's output, for when it cannot start. */
const TAIL_LINES = 15;

export interface ChildSpec {
  readonly name: string;
  readonly command: string;
  readonly args: readonly string[];
  readonly env: NodeJS.ProcessEnv;
  /** Whether the child is a Node process, which notices by itself when its parent is gone. */
  readonly isNode: boolean;
  readonly isVerbose: boolean;
  /** What it writes when it is ready; empty when it does not say. */
  readonly readyText: string;
}

/** A process that is kept running until it is asked to end. */
export class Child {
  readonly #spec: ChildSpec;
  #process: ChildProcess | undefined;
  #isEnding = false;
  #isReady: boolean;
  #restarts = 0;
  readonly #tail: string[] = [];

  constructor(spec: ChildSpec) {
    this.#spec = spec;
    this.#isReady = spec.readyText === '';
  }

  /** Whether it said that it is ready. */
  get isReady(): boolean {
    return this.#isReady;
  }

  /** The last lines that it wrote. */
  get tail(): string {
    return this.#tail.join('\n');
  }

  /** Whether it died too often to be started again. */
  get hasGivenUp(): boolean {
    return this.#restarts > RESTARTS_MAX;
  }

  start(): void {
    const { command, args, env, isNode } = this.#spec;
    const child = spawn(command, args, {
      env,
      stdio: ['ignore', 'pipe', 'pipe', ...(isNode ? (['ipc'] as const) : [])],
    });
    this.#process = child;
    // Both are pipes, by the options above.
    for (const input of [child.stdout, child.stderr].filter((stream) => stream !== null)) {
      createInterface({ input }).on('line', (line) => {
        this.#heard(line);
      });
    }
    child.once('error', (error) => {
      this.#heard(error.message);
    });
    child.once('exit', (code, signal) => {
      void this.#ended(code ?? signal ?? 'unknown');
    });
  }

  /** Asks the child to end, and kills it when it does not. */
  async end(): Promise<void> {
    this.#isEnding = true;
    const child = this.#process;
    if (child === undefined || child.exitCode !== null || child.signalCode !== null) {
      return;
    }
    const exited = new Promise<void>((resolve) =>
      child.once('exit', () => {
        resolve();
      }),
    );
    child.kill('SIGTERM');
    await Promise.race([exited, sleep(END_WAIT_MS, undefined, { ref: false })]);
    this.kill();
  }

  kill(): void {
    this.#isEnding = true;
    this.#process?.kill('SIGKILL');
  }

  #heard(line: string): void {
    this.#isReady ||= line.includes(this.#spec.readyText);
    this.#tail.push(line);
    this.#tail.splice(0, this.#tail.length - TAIL_LINES);
    if (this.#spec.isVerbose) {
      process.stderr.write(`${this.#spec.name.padEnd(8)} | ${line}\n`);
    }
  }

  #mayStart(): boolean {
    return !this.#isEnding && !this.hasGivenUp;
  }

  async #ended(how: number | string): Promise<void> {
    if (this.#isEnding) {
      return;
    }
    this.#restarts += 1;
    process.stderr.write(`holdfast: ${this.#spec.name} has ended (${String(how)})\n`);
    await sleep(RESTART_PAUSE_MS * this.#restarts);
    if (this.#mayStart()) {
      process.stderr.write(`holdfast: ${this.#spec.name} is started again\n`);
      this.start();
    }
  }
}
