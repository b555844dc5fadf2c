import { execFile } from 'node:child_process';
import { mkdtemp, readFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { promisify } from 'node:util';

const run = promisify(execFile);

/** A certificate authority of a test's own, and a server certificate that it signed; both in PEM. */
export interface Certificate {
  readonly caFile: string;
  readonly key: string;
  readonly cert: string;
}

/** What a client shows to a server; paths of files in PEM. */
export interface ClientCertificate {
  readonly keyFile: string;
  readonly certFile: string;
}

const NEW_KEY = 'req -newkey ec -pkeyopt ec_paramgen_curve:P-256 -nodes';
const SIGNED = '-x509 -days 2 -CA ca.pem -CAkey ca.key -addext basicConstraints=critical,CA:FALSE';

/** Makes an authority and a certificate for names such as `DNS:localhost` or `IP:127.0.0.1`. */
export async function makeCertificate(names: readonly string[]): Promise<Certificate> {
  const folder = await mkdtemp(join(tmpdir(), 'holdfast-tls-'));
  await openssl(
    folder,
    `${NEW_KEY} -x509 -days 2 -keyout ca.key -out ca.pem -subj /CN=test-authority`,
  );
  await openssl(
    folder,
    `${NEW_KEY} ${SIGNED} -keyout server.key -out server.pem -subj /CN=test-server ` +
      `-addext subjectAltName=${names.join(',')}`,
  );
  const read = (file: string): Promise<string> => readFile(join(folder, file), 'utf8');
  return {
    caFile: join(folder, 'ca.pem'),
    key: await read('server.key'),
    cert: await read('server.pem'),
  };
}

/** Makes what the authority of a server takes from a client; it lies beside the authority. */
export async function makeClientCertificate({ caFile }: Certificate): Promise<ClientCertificate> {
  const folder = dirname(caFile);
  await openssl(
    folder,
    `${NEW_KEY} ${SIGNED} -keyout client.key -out client.pem -subj /CN=test-client ` +
      '-addext extendedKeyUsage=clientAuth',
  );
  return { keyFile: join(folder, 'client.key'), certFile: join(folder, 'client.pem') };
}

async function openssl(cwd: string, args: string): Promise<void> {
  await run('openssl', args.split(' '), { cwd });
}
