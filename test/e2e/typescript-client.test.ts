import { execFile } from 'node:child_process';
import { fileURLToPath } from 'node:url';
import { promisify } from 'node:util';

import { afterAll, beforeAll, expect, test } from 'vitest';

import { dropNamespaces } from '../support/dropped-namespaces.ts';
import { freshNamespace } from '../support/fresh-namespace.ts';
import { Installation } from '../support/installation.ts';

// Goal: tools of platform teams use the API by a generated client. Method: it is generated from the document, the example
// is compiled against it, and backs up a namespace by a real API.

const run = promisify(execFile);
const ROOT = fileURLToPath(new URL('../../', import.meta.url));
const EXAMPLE = 'clients/typescript/example';

let installation: Installation;
let namespace = '';

beforeAll(async () => {
  [installation, namespace] = await Promise.all([
    Installation.start(),
    freshNamespace('client'),
    run('npm', ['run', '--silent', 'client'], { cwd: ROOT }),
  ]);
});

afterAll(async () => {
  await dropNamespaces(namespace);
  await installation.stop();
});

function backUp(name: string, cluster: string): Promise<{ stdout: string }> {
  const args = [`${EXAMPLE}/backup.ts`, installation.apiUrl, name, namespace, cluster];
  return run(process.execPath, args, { cwd: ROOT });
}

test('the example has the types of the client', async () => {
  await run('npx', ['tsc', '--project', EXAMPLE], { cwd: ROOT });
});

test('the example backs up a namespace and waits for the end', async () => {
  expect((await backUp('by-client', installation.name)).stdout).toBe('Completed\n');
});

test('a problem comes as the value that the API sent', async () => {
  await expect(backUp('elsewhere', 'nowhere')).rejects.toThrow(/Error: no-worker: .*nowhere/);
});
