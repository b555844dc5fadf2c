import { execFile } from 'node:child_process';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { promisify } from 'node:util';

/** Where Node keeps what it has compiled, for all processes of all test runs. */
export const COMPILE_CACHE = join(tmpdir(), 'holdfast-compile-cache');
const ROOT = fileURLToPath(new URL('../../', import.meta.url));
/** With these everything is loaded that a worker or an API loads. */
const LOADED = [
  ...['api/app.ts', 'api/runs/temporal.ts'],
  ...['worker/config.ts', 'worker/freeze-sweeper.ts', 'worker/workers.ts'],
];
const run = promisify(execFile);

/** Fills the cache. A process that a test kills writes nothing into it. */
export default async function setup(): Promise<void> {
  const script = LOADED.map((file) => `await import(${JSON.stringify(join(ROOT, file))});`).join(
    '',
  );
  const env = { ...process.env, NODE_COMPILE_CACHE: COMPILE_CACHE };
  await run(process.execPath, ['--input-type=module', '--eval', script], { env });
}
