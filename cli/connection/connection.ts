import { readFile } from 'node:fs/promises';
import { existsSync } from 'node:fs';
import { homedir } from 'node:os';
import { join } from 'node:path';

import {
  type Connection,
  ConnectionError,
  type ConnectionOptions,
  namespaceOf,
} from './contract.ts';

/** Where an API is that runs on this machine, as `holdfast dev` runs it. */
const LOCAL_SERVER = 'http://127.0.0.1:8080';
/** A pod that runs in a cluster has this. */
const IN_CLUSTER = 'KUBERNETES_SERVICE_HOST';

const open = new Set<Connection>();

/** What an API is called in messages: its address, or where it runs. */
export function serverName(options: ConnectionOptions): string {
  return (
    directServer(options) ??
    `the namespace ${namespaceOf(options)} of ${options.context ?? 'the current context'}`
  );
}

/** Finds the way to the API. Throws `ConnectionError`. */
export async function connect(options: ConnectionOptions): Promise<Connection> {
  const server = directServer(options);
  const connection =
    server === undefined ? await forwarded(options) : await direct(server, options);
  open.add(connection);
  return connection;
}

/** Ends all connections, so that nothing keeps the process. */
export async function closeConnections(): Promise<void> {
  await Promise.all([...open].map((connection) => connection.close()));
}

/** The address of an API that is asked without a cluster between; undefined where a cluster is named, or known. */
function directServer({ server, kubeconfig, context }: ConnectionOptions): string | undefined {
  if (server !== undefined) {
    return server.replace(/\/$/, '');
  }
  const isClusterKnown =
    kubeconfig !== undefined ||
    context !== undefined ||
    (process.env['KUBECONFIG'] ?? '') !== '' ||
    process.env[IN_CLUSTER] !== undefined ||
    existsSync(join(homedir(), '.kube', 'config'));
  return isClusterKnown ? undefined : LOCAL_SERVER;
}

async function direct(url: string, options: ConnectionOptions): Promise<Connection> {
  const token = await givenToken(options);
  const headers = token === undefined ? {} : bearer(token);
  if (options.ca === undefined) {
    return { url, headers, fetch, close: () => Promise.resolve() };
  }
  const ca = await fileText('--ca', options.ca);
  // It is large, and few commands need it.
  const { agentConnection } = await import('./agent-connection.ts');
  return agentConnection({ url, headers, connect: { ca } });
}

async function forwarded(options: ConnectionOptions): Promise<Connection> {
  const token = await givenToken(options);
  // The client of a cluster is large, and few commands need it.
  const { forwardToApi } = await import('./port-forward.ts');
  return forwardToApi(options, token === undefined ? undefined : bearer(token));
}

function bearer(token: string): Record<string, string> {
  return { authorization: `Bearer ${token}` };
}

async function givenToken({ token, tokenFile }: ConnectionOptions): Promise<string | undefined> {
  return tokenFile === undefined ? token : (await fileText('--token-file', tokenFile)).trim();
}

async function fileText(flag: string, path: string): Promise<string> {
  try {
    return await readFile(path, 'utf8');
  } catch (error) {
    throw new ConnectionError(`the file of ${flag} cannot be read: ${path}`, { cause: error });
  }
}
