import { execFile, spawn } from 'node:child_process';
import { mkdtemp, rm, symlink, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { promisify } from 'node:util';

import { LAUNCHER } from '../holdfast.ts';
import { blocksOf } from './documented-commands.ts';
import type { ShellBlock } from './shell-blocks.ts';

const ROOT = fileURLToPath(new URL('../../../', import.meta.url));
const TESTBED = fileURLToPath(new URL('../../testbed/testbed.sh', import.meta.url));
/** What commands of the pages name of the checkout. */
const CHECKOUT = ['bin', 'deploy', 'examples'];
const run = promisify(execFile);

/** What stands on a page for something of the reader's own. */
export interface Surroundings {
  /** Variables of the shell, beside those of this process. */
  readonly env?: NodeJS.ProcessEnv;
  /** Names of the page, and what a reader would write in their place. Each has to be there. */
  readonly names?: Readonly<Record<string, string>>;
}

/**
 * Runs the blocks of pages as a reader does who begins at the top: in one folder, beside a checkout, in one shell that ends
 * at the first command that fails.
 */
export class DocumentationReader {
  readonly #folder: string;
  readonly #walks: PageWalk[] = [];

  private constructor(folder: string) {
    this.#folder = folder;
  }

  static async start(): Promise<DocumentationReader> {
    const folder = await mkdtemp(join(tmpdir(), 'holdfast-reader-'));
    for (const name of CHECKOUT) {
      await symlink(join(ROOT, name), join(folder, name));
    }
    const { stdout } = await run(TESTBED, ['helm']);
    await symlink(stdout.trim(), join(folder, 'helm'));
    const temporal = process.env['HOLDFAST_TEMPORAL_CLI'];
    if (temporal !== undefined) {
      await symlink(temporal, join(folder, 'temporal'));
    }
    await symlink(LAUNCHER, join(folder, 'holdfast'));
    // An answer that is no success ends the shell.
    await writeFile(join(folder, '.curlrc'), 'fail-with-body\nsilent\nshow-error\n');
    await writeFile(join(folder, 'shell'), '');
    return new DocumentationReader(folder);
  }

  /** Where the commands leave their files. */
  get folder(): string {
    return this.#folder;
  }

  /** Begins at the top of a page, or of a section, as the table of documented-commands.ts names it. */
  page(page: string, surroundings: Surroundings = {}): PageWalk {
    const { env = {}, names = {} } = surroundings;
    const variables = {
      ...process.env,
      ...env,
      PATH: `${this.#folder}:${process.env['PATH'] ?? ''}`,
      CURL_HOME: this.#folder,
    };
    const walk = new PageWalk(page, { folder: this.#folder, env: variables, names });
    this.#walks.push(walk);
    return walk;
  }

  /** Throws if a page was not read to its end. */
  async stop(): Promise<void> {
    await rm(this.#folder, { recursive: true });
    const pages = this.#walks.filter(({ left }) => left > 0).map(({ page }) => page);
    if (pages.length > 0) {
      throw new Error(`not all commands were run of ${pages.join(', ')}`);
    }
  }
}

interface Place {
  readonly folder: string;
  readonly env: NodeJS.ProcessEnv;
  readonly names: Readonly<Record<string, string>>;
}

/** A page, or a section, whose blocks are run one after the other. */
export class PageWalk {
  readonly page: string;
  readonly #blocks: ShellBlock[];
  readonly #place: Place;

  constructor(page: string, place: Place) {
    this.page = page;
    this.#blocks = blocksOf(page);
    this.#place = place;
    const text = this.#blocks.map((block) => block.text).join('');
    const strange = Object.keys(place.names).filter((name) => !text.includes(name));
    if (strange.length > 0) {
      throw new Error(`no command of ${page} has ${strange.join(', ')}`);
    }
  }

  /** How many blocks were not run yet. */
  get left(): number {
    return this.#blocks.length;
  }

  /** Runs the next block, and gives its standard output. */
  async next(): Promise<string> {
    const block = this.#blocks.shift();
    if (block === undefined) {
      throw new Error('all blocks of the page were run');
    }
    return runBlock(block, this.#place);
  }

  /** Runs all blocks that are left, and gives their standard output. */
  async rest(): Promise<string> {
    let output = '';
    while (this.left > 0) {
      output += await this.next();
    }
    return output;
  }
}

async function runBlock(block: ShellBlock, { folder, env, names }: Place): Promise<string> {
  const commands = Object.entries(names).reduce(
    (text, [name, own]) => text.replaceAll(name, own),
    block.text,
  );
  // What a block exports is there for the next one.
  const script = `set -a; . ./shell; set +a\n${commands}\nexport -p >shell\n`;
  const child = spawn('bash', ['-euo', 'pipefail', '-c', script], {
    cwd: folder,
    env,
    stdio: ['ignore', 'pipe', 'pipe'],
  });
  let [output, errors] = ['', ''];
  child.stdout.on('data', (chunk: Buffer) => (output += chunk.toString()));
  child.stderr.on('data', (chunk: Buffer) => (errors += chunk.toString()));
  const status = await new Promise<number | null>((resolve, reject) => {
    child.once('error', reject);
    child.once('close', resolve);
  });
  if (status !== 0) {
    const place = `${block.page}:${String(block.line)}`;
    throw new Error(`${place} ends with ${String(status)}:\n${commands}\n${output}${errors}`);
  }
  return output;
}
