import { type ChildProcess, spawn } from 'node:child_process';
import { createInterface } from 'node:readline';
import { setTimeout as sleep } from 'node:timers/promises';

/** When a child that dies is started again. */
export interface RestartLimits {
  /** Pause before the start; grows with each death in the window. */
  readonly pauseMs: number;
  /** A child that dies more often than this within the window is given up. */
  readonly restartsMax: number;
  readonly windowMs: number;
}

/** Ten restarts with their pauses, and the time that a worker needs to start, take less than the window. */
const RESTART_LIMITS: RestartLimits = { pauseMs: 500, restartsMax: 10, windowMs: 300_000 };
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
  /** To be told of the process of each start. */
  readonly onStart?: (pid: number) => void;
}

/** A process that is kept running until it is asked to end. */
export class Child {
  readonly #spec: ChildSpec;
  #process: ChildProcess | undefined;
  #isEnding = false;
  #isReady: boolean;
  #hasGivenUp = false;
  /** When it died, within the window. */
  #deaths: number[] = [];
  readonly #limits: RestartLimits;
  readonly #tail: string[] = [];

  constructor(spec: ChildSpec, limits: RestartLimits = RESTART_LIMITS) {
    this.#spec = spec;
    this.#limits = limits;
    this.#isReady = spec.readyText === '';
  }

  get name(): string {
    return this.#spec.name;
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
    return this.#hasGivenUp;
  }

  start(): void {
    const { command, args, env, isNode, readyText, onStart } = this.#spec;
    const child = spawn(command, args, {
      env,
      stdio: ['ignore', 'pipe', 'pipe', ...(isNode ? (['ipc'] as const) : [])],
    });
    this.#process = child;
    this.#isReady = readyText === '';
    if (child.pid !== undefined) {
      onStart?.(child.pid);
    }
    // Both are pipes, by the options above.
    for (const input of [child.stdout, child.stderr].filter((stream) => stream !== null)) {
      createInterface({ input }).on('line', (line) => {
        this.#heard(line);
      });
    }
    child.once('error', (error) => {
      this.#heard(error.message);
      if (child.pid === undefined) {
        // What cannot be run at all does not exit either.
        void this.#ended('it cannot be run');
      }
    });
    child.once('exit', (code, signal) => {
      void this.#ended(code ?? signal ?? 'unknown');
    });
  }

  /** Lets the child die without a new start: signals of a terminal reach it as well. */
  expectEnd(): void {
    this.#isEnding = true;
  }

  /** Asks the child to end, and kills it when it does not. */
  async end(): Promise<void> {
    this.expectEnd();
    const child = this.#process;
    if (child?.pid === undefined || child.exitCode !== null || child.signalCode !== null) {
      return;
    }
    const exited = new Promise<void>((resolve) =>
      child.once('exit', () => {
        resolve();
      }),
    );
    if (child.connected && this.#isReady) {
      // A Node child ends when its parent is gone. Asked by a signal it would keep the channel open, and with that itself.
      child.disconnect();
    } else {
      child.kill('SIGTERM');
    }
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
    const { pauseMs, restartsMax, windowMs } = this.#limits;
    const now = Date.now();
    this.#deaths = [...this.#deaths.filter((at) => now - at < windowMs), now];
    process.stderr.write(`holdfast: ${this.name} has ended (${String(how)})\n`);
    this.#hasGivenUp = this.#deaths.length > restartsMax;
    await sleep(pauseMs * this.#deaths.length);
    if (this.#mayStart()) {
      process.stderr.write(`holdfast: ${this.name} is started again\n`);
      this.start();
    }
  }
}
