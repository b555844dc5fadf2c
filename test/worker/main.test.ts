import { execFile } from 'node:child_process';
import { fileURLToPath } from 'node:url';
import { promisify } from 'node:util';

import { expect, test } from 'vitest';

const MAIN = fileURLToPath(new URL('../../worker/main.ts', import.meta.url));
const run = promisify(execFile);

test('a worker that cannot read its certificate says so and ends, as an API does', async () => {
  const env = {
    ...process.env,
    TEMPORAL_TLS: 'true',
    TEMPORAL_TLS_CLIENT_CERT_PATH: '/nowhere/tls.crt',
    TEMPORAL_TLS_CLIENT_KEY_PATH: '/nowhere/tls.key',
  };
  const worker = run(process.execPath, [MAIN, '--role', 'cluster'], { env, timeout: 30_000 });
  await expect(worker).rejects.toMatchObject({
    code: 2,
    stderr: expect.stringMatching(/^holdfast worker: .*\/nowhere\/tls\.crt/) as string,
  });
});
