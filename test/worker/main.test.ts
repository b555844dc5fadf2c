import { execFile } from 'node:child_process';
import { fileURLToPath } from 'node:url';
import { promisify } from 'node:util';

import { expect, onTestFinished, test } from 'vitest';

// Goal: a worker that does not get to Temporal says why. Method: its process, with a certificate and a server that are not
// there.

const MAIN = fileURLToPath(new URL('../../worker/main.ts', import.meta.url));
const run = promisify(execFile);

test('a worker that cannot read its certificate says so and ends, as an API does', async () => {
  const env = {
    ...process.env,
    TEMPORAL_TLS: 'true',
    TEMPORAL_TLS_CLIENT_CERT_PATH: '/nowhere/tls.crt',
    TEMPORAL_TLS_CLIENT_KEY_PATH: '/nowhere/tls.key',
  };
  const worker = run(process.execPath, [MAIN, '--role', 'cluster'], { env, timeout: 50_000 });
  await expect(worker).rejects.toMatchObject({
    code: 2,
    stderr: expect.stringMatching(/^holdfast worker: .*\/nowhere\/tls\.crt/) as string,
  });
});

test('a worker whose Temporal is away says why, and tries again', async () => {
  const env = { ...process.env, TEMPORAL_ADDRESS: '127.0.0.1:1' };
  const worker = execFile(process.execPath, [MAIN, '--role', 'workflows'], { env });
  onTestFinished(() => void worker.kill('SIGKILL'));
  let log = '';
  worker.stderr?.on('data', (chunk: string) => (log += chunk));
  const tried = () => log.split('\n').filter((line) => line.includes('temporal does not answer'));
  await expect.poll(() => tried().length, { timeout: 50_000 }).toBeGreaterThan(1);
  expect(JSON.parse(tried()[0] ?? '')).toMatchObject({
    ...{ level: 'warn', address: '127.0.0.1:1' },
    reason: expect.stringContaining('Connection refused') as string,
  });
});
