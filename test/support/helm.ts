import { execFile } from 'node:child_process';
import { fileURLToPath } from 'node:url';
import { promisify } from 'node:util';

const run = promisify(execFile);
const TESTBED = fileURLToPath(new URL('../testbed/testbed.sh', import.meta.url));
/** Longest output, of a chart with its definitions. */
const BYTES_MAX = 16 * 1024 * 1024;

/** The chart of Holdfast. */
export const CHART = fileURLToPath(new URL('../../deploy/chart', import.meta.url));

let program: Promise<string> | undefined;

/** The path of the test bed's helm. */
export function helmProgram(): Promise<string> {
  program ??= run(TESTBED, ['helm']).then(({ stdout }) => stdout.trim());
  return program;
}

/** Runs helm, and gives what it prints. Rejects with its message. */
export async function helm(...args: string[]): Promise<string> {
  const { stdout } = await run(await helmProgram(), args, { maxBuffer: BYTES_MAX });
  return stdout;
}

/** What the chart makes of values, which are written as `--set` takes them. */
export function rendered(...values: string[]): Promise<string> {
  const set = values.flatMap((value) => ['--set-json', value]);
  return helm('template', 'holdfast', CHART, '--namespace', 'holdfast', '--include-crds', ...set);
}
