import { type ChildProcess, execFile, spawn } from 'node:child_process';
import { fileURLToPath } from 'node:url';
import { promisify } from 'node:util';

import type { Installation } from './installation.ts';

const TESTBED = fileURLToPath(new URL('../testbed/testbed.sh', import.meta.url));
const EXAMPLES = new URL('../../examples/plugins/', import.meta.url);
const run = promisify(execFile);

/** A language that there is an example for. */
export type ExampleLanguage = 'typescript' | 'python';

export interface ExampleOptions {
  readonly language: ExampleLanguage;
  /** Name of the plugin. */
  readonly name: string;
  /** Where it keeps what it uploads. */
  readonly folder: string;
  /** As fast as it goes when left out. */
  readonly bytesPerSecond?: number;
}

/** The worker of one of the examples, in a process of its own. */
export class ExamplePlugin {
  readonly #child: ChildProcess;
  readonly #ended: Promise<unknown>;
  /** What it has written to its standard error. */
  errors = '';

  private constructor(child: ChildProcess) {
    this.#child = child;
    this.#ended = new Promise((resolve) => {
      child.once('error', resolve);
      child.once('close', resolve);
    });
    child.stderr?.on('data', (chunk: Buffer) => {
      this.errors += chunk.toString();
    });
  }

  static async start(
    installation: Pick<Installation, 'name' | 'temporalAddress'>,
    options: ExampleOptions,
  ): Promise<ExamplePlugin> {
    const { language, name, folder, bytesPerSecond } = options;
    const cwd = fileURLToPath(new URL(`${language}/`, EXAMPLES));
    const command = language === 'python' ? ['python3', 'main.py'] : [process.execPath, 'main.ts'];
    const [program = '', ...args] = command;
    const child = spawn(program, args, {
      cwd,
      stdio: ['ignore', 'ignore', 'pipe'],
      env: {
        ...process.env,
        ...(language === 'python' ? await pythonEnvironment() : {}),
        TEMPORAL_ADDRESS: installation.temporalAddress,
        HOLDFAST_CLUSTER: installation.name,
        PLUGIN_NAME: name,
        PLUGIN_FOLDER: folder,
        ...(bytesPerSecond === undefined
          ? {}
          : { PLUGIN_BYTES_PER_SECOND: String(bytesPerSecond) }),
      },
    });
    return new ExamplePlugin(child);
  }

  /** Ends it with a signal, and waits until it has ended. */
  async end(signal: NodeJS.Signals): Promise<void> {
    this.#child.kill(signal);
    await this.#ended;
  }
}

/** What its packages are found by; they are fetched once. */
export async function pythonEnvironment(): Promise<NodeJS.ProcessEnv> {
  const { stdout } = await run(TESTBED, ['python-packages']);
  // The folder of the example is a part of the image: nothing is written there.
  return { PYTHONPATH: stdout.trim(), PYTHONDONTWRITEBYTECODE: '1' };
}
