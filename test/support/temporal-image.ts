import { execFile } from 'node:child_process';
import { fileURLToPath } from 'node:url';
import { promisify } from 'node:util';

const TESTBED = fileURLToPath(new URL('../testbed/testbed.sh', import.meta.url));
const run = promisify(execFile);

/** Loads the image of the Temporal that the chart brings, where the nodes lack it. */
export async function loadTemporalImage(): Promise<void> {
  await run(TESTBED, ['temporal-image']);
}
