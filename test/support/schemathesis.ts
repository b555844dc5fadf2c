import { execFile } from 'node:child_process';
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { promisify } from 'node:util';

import type { FuzzedHoldfast } from './fuzzed-holdfast.ts';

const FUZZ = fileURLToPath(new URL('../fuzz/', import.meta.url));
const TESTBED = fileURLToPath(new URL('../testbed/testbed.sh', import.meta.url));
const OUTPUT_BYTES_MAX = 64 * 1024 * 1024;
/** How much of what the fuzzer says of its findings is told, and of a line of it: some requests are very long. */
const TOLD_CHARACTERS = 20_000;
const LINE_CHARACTERS = 1000;
const run = promisify(execFile);

export interface FuzzOptions {
  readonly seed: number;
  /** Further flags of `schemathesis run`. */
  readonly flags: readonly string[];
}

/** What the fuzzer has found: nothing, where the answers to all that it sent were as they should be. */
export async function fuzz(
  holdfast: FuzzedHoldfast,
  { seed, flags }: FuzzOptions,
): Promise<{ readonly findings: string; readonly cases: number }> {
  const { stdout: packages } = await run(TESTBED, [
    'python-packages',
    join(FUZZ, 'requirements.txt'),
  ]);
  // It keeps what it has found beside where it is.
  const cwd = await mkdtemp(join(tmpdir(), 'holdfast-schemathesis-'));
  const args = [
    ...[join(packages.trim(), 'bin', 'schemathesis'), '--no-color'],
    ...[
      '--config-file',
      join(FUZZ, 'schemathesis.toml'),
      'run',
      `${holdfast.url}/api/v1/openapi.json`,
    ],
    ...['--seed', String(seed), ...flags],
  ];
  const env = {
    ...process.env,
    ...{ SCHEMATHESIS_HOOKS: 'hooks', HOLDFAST_FUZZ_KNOWN: JSON.stringify(holdfast.known) },
    ...{ PYTHONPATH: `${packages.trim()}:${FUZZ}`, PYTHONDONTWRITEBYTECODE: '1' },
  };
  try {
    const { stdout } = await run('python3', args, { cwd, env, maxBuffer: OUTPUT_BYTES_MAX });
    return { findings: '', cases: casesOf(stdout) };
  } catch (error) {
    const { stdout = '', stderr = '' } = error as { stdout?: string; stderr?: string };
    return {
      findings: `seed ${String(seed)}:\n${stderr}${told(stdout)}`,
      cases: casesOf(stdout),
    };
  } finally {
    await rm(cwd, { recursive: true });
  }
}

function told(output: string): string {
  const lines = output.split('\n').map((line) => line.slice(0, LINE_CHARACTERS));
  return lines.join('\n').slice(-TOLD_CHARACTERS);
}

/** How many requests it says that it has sent. */
function casesOf(output: string): number {
  return Number(/(\d+) generated/.exec(output)?.[1] ?? 0);
}
