import { createServer as createHttp, type RequestListener, type Server } from 'node:http';
import { createServer as createHttps } from 'node:https';
import { mkdtemp, writeFile } from 'node:fs/promises';
import type { AddressInfo } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';

import { afterAll, expect, test, vi } from 'vitest';

import { serverName } from '../../../cli/connection/connection.ts';
import { makeCertificate } from '../../support/certificate.ts';
import { startHoldfast } from '../../support/holdfast.ts';

// Goal: a command finds its API, and says who asks. Method: bin/holdfast, and a server that tells what it was sent, as a
// real API never does.

const opened: Server[] = [];

afterAll(() => {
  opened.forEach((server) => server.close());
});

/** Answers with the authorization as the version, or what it is told to. */
const tells: RequestListener = ({ headers }, response) => {
  const version = headers.authorization ?? 'nobody';
  response.writeHead(200, { 'content-type': 'application/json' }).end(JSON.stringify({ version }));
};

async function portOf(server: Server): Promise<string> {
  opened.push(server);
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  // A server that listens on a port has such an address.
  return String((server.address() as AddressInfo).port);
}

async function version(flags: readonly string[], env: NodeJS.ProcessEnv = {}) {
  const command = startHoldfast(['version', ...flags], env);
  const status = await command.status;
  return { status, server: /server: (.*)/.exec(command.stdout)?.[1], stderr: command.stderr };
}

test('the token of the flag, of the variable or of the file is sent, and none without one', async () => {
  const file = join(await mkdtemp(join(tmpdir(), 'holdfast-token-')), 'token');
  await writeFile(file, 'of-the-file\n');
  const server = ['--server', `http://127.0.0.1:${await portOf(createHttp(tells))}/`];
  const answers = await Promise.all([
    version(server),
    version([...server, '--token', 'of-the-flag'], { HOLDFAST_TOKEN: 'of-the-variable' }),
    version(server, { HOLDFAST_TOKEN: 'of-the-variable' }),
    version([...server, '--token-file', file]),
  ]);
  expect(answers.map((answer) => answer.server)).toEqual([
    'nobody',
    'Bearer of-the-flag',
    'Bearer of-the-variable',
    'Bearer of-the-file',
  ]);
  const missing = await version([...server, '--token-file', `${file}-not-there`]);
  expect(missing).toMatchObject({ status: 1, server: undefined });
  expect(missing.stderr).toContain('the file of --token-file cannot be read');
});

test('an authority of its own is trusted with --ca, and not without', async () => {
  const { key, cert, caFile } = await makeCertificate(['IP:127.0.0.1']);
  const server = [
    '--server',
    `https://127.0.0.1:${await portOf(createHttps({ key, cert }, tells))}`,
  ];
  const [trusted, strange] = await Promise.all([
    version([...server, '--ca', caFile, '--token', 't']),
    version(server),
  ]);
  expect(trusted).toMatchObject({ status: 0, server: 'Bearer t' });
  expect(strange).toMatchObject({ status: 1, server: undefined });
});

test.each([401, 403])(
  'a refusal with %i ends with 6, also by what stands before the API',
  async (status) => {
    const refuses: RequestListener = (_, response) => {
      response.writeHead(status, { 'content-type': 'text/html' }).end('<h1>no</h1>');
    };
    const refused = await version([
      '--server',
      `http://127.0.0.1:${await portOf(createHttp(refuses))}`,
    ]);
    expect(refused).toMatchObject({ status: 6, server: undefined });
    expect(refused.stderr).toContain(`refuses the request with ${String(status)}`);
  },
);

test('a kubeconfig stands for the API of its cluster, and without one the API is on this machine', async () => {
  const home = await mkdtemp(join(tmpdir(), 'holdfast-home-'));
  vi.stubEnv('HOME', home);
  vi.stubEnv('KUBECONFIG', '');
  expect(serverName({})).toBe('http://127.0.0.1:8080');
  expect(serverName({ context: 'east' })).toBe('the namespace holdfast of east');
  vi.stubEnv('KUBECONFIG', join(home, 'config'));
  expect(serverName({ holdfastNamespace: 'own' })).toBe('the namespace own of the current context');
  expect(serverName({ server: 'http://api/' })).toBe('http://api');
  vi.unstubAllEnvs();
});
