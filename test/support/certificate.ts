import { execFile } from 'node:child_process';
import { mkdtemp, readFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { promisify } from 'node:util';

const run = promisify(execFile);

/** A certificate authority of a test's own, and a server certificate that it signed; both in PEM. */
export interface Certificate {
  readonly caFile: string;
  readonly key: string;
  readonly cert: string;
}

/** Makes an authority and a certificate for names such as `DNS:localhost` or `IP:127.0.0.1`. */
export async function makeCertificate(names: readonly string[]): Promise<Certificate> {
  const cwd = await mkdtemp(join(tmpdir(), 'holdfast-tls-'));
  const openssl = (args: string): Promise<unknown> => run('openssl', args.split(' '), { cwd });
  const newKey = 'req -newkey ec -pkeyopt ec_paramgen_curve:P-256 -nodes';
  await openssl(`${newKey} -x509 -days 2 -keyout ca.key -out ca.pem -subj /CN=test-authority`);
  await openssl(
    `${newKey} -x509 -days 2 -CA ca.pem -CAkey ca.key -keyout server.key -out server.pem ` +
      `-subj /CN=test-server -addext subjectAltName=${names.join(',')} ` +
      '-addext basicConstraints=critical,CA:FALSE',
  );
  const read = (file: string): Promise<string> => readFile(join(cwd, file), 'utf8');
  return {
    caFile: join(cwd, 'ca.pem'),
    key: await read('server.key'),
    cert: await read('server.pem'),
  };
}
