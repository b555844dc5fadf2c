import { execFile } from 'node:child_process';
import { fileURLToPath } from 'node:url';
import { promisify } from 'node:util';

const TESTBED = fileURLToPath(new URL('../testbed/testbed.sh', import.meta.url));
const run = promisify(execFile);

/** The name of the image of this checkout, which the test bed builds and loads where it has changed. */
export async function holdfastImage(): Promise<string> {
  return (await run(TESTBED, ['image'])).stdout.trim();
}

/** The same for one that is another version of workers. */
export async function earlierImage(): Promise<string> {
  return (await run(TESTBED, ['earlier-image'])).stdout.trim();
}
