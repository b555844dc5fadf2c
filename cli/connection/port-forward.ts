import { mkdtempSync, rmSync } from 'node:fs';
import { createServer, type Socket } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';

import {
  ApiException,
  CoreV1Api,
  KubeConfig,
  PortForward,
  type V1Pod,
  type V1Service,
} from '@kubernetes/client-node';

import { agentConnection } from './agent-connection.ts';
import {
  type Connection,
  ConnectionError,
  type ConnectionOptions,
  namespaceOf,
} from './contract.ts';

/** What the Service of the API is found by. */
const API_SELECTOR = 'app.kubernetes.io/component=api';

interface Target {
  readonly namespace: string;
  readonly pod: string;
  readonly port: number;
}

/** What is used of a WebSocket. */
interface Closable {
  onclose: () => void;
  close(): void;
}

/**
 * A connection to the API of a cluster, through the API server of that. It leads through a socket in a folder that only
 * its owner can enter: no port of this machine is open meanwhile. Without a token of its own it carries that of the
 * kubeconfig. Throws `ConnectionError`.
 */
export async function forwardToApi(
  options: ConnectionOptions,
  headers: Readonly<Record<string, string>> | undefined,
): Promise<Connection> {
  const config = kubeConfigOf(options);
  const namespace = namespaceOf(options);
  const found = await told(() => findTarget(config, namespace));
  const folder = mkdtempSync(join(tmpdir(), 'holdfast-forward-'));
  const socketPath = join(folder, 'api');
  const remove = (): void => {
    rmSync(folder, { recursive: true, force: true });
  };
  process.once('exit', remove);
  const unused = [found];
  // Whoever waits for a run outlives pods of the API: each connection after the first one looks again who is there.
  const target = async (): Promise<Target> => unused.pop() ?? findTarget(config, namespace);
  const server = createServer((socket) => void forward(config, target, socket));
  await new Promise<void>((resolve) => server.listen(socketPath, resolve));
  const connection = agentConnection({
    url: 'http://holdfast',
    headers: headers ?? (await told(() => kubeconfigHeaders(config))),
    connect: { socketPath },
  });
  const close = async (): Promise<void> => {
    await connection.close();
    server.close();
  };
  return { ...connection, close };
}

function kubeConfigOf({ kubeconfig, context }: ConnectionOptions): KubeConfig {
  const config = new KubeConfig();
  try {
    if (kubeconfig === undefined) {
      config.loadFromDefault();
    } else {
      config.loadFromFile(kubeconfig);
    }
  } catch (error) {
    throw new ConnectionError('the kubeconfig cannot be read', { cause: error });
  }
  if (context !== undefined) {
    config.setCurrentContext(context);
  }
  if (config.getCurrentCluster() === null) {
    throw new ConnectionError(`the kubeconfig has no context ${context ?? ''}`.trimEnd());
  }
  return config;
}

/** A pod of the API that is ready, and the port that it listens on. */
async function findTarget(config: KubeConfig, namespace: string): Promise<Target> {
  const core = config.makeApiClient(CoreV1Api);
  const services = await core.listNamespacedService({ namespace, labelSelector: API_SELECTOR });
  const [service] = services.items;
  if (service === undefined) {
    throw new ConnectionError(
      `no API of Holdfast is in the namespace ${namespace} of the cluster; name another with --holdfast-namespace, or an API with --server`,
    );
  }
  const labelSelector = Object.entries(service.spec?.selector ?? {})
    .map(([key, value]) => `${key}=${value}`)
    .join(',');
  const pods = await core.listNamespacedPod({ namespace, labelSelector });
  const pod = pods.items.find(isReady);
  const port = pod === undefined ? undefined : portOf(service, pod);
  if (pod?.metadata?.name === undefined || port === undefined) {
    throw new ConnectionError(`no pod of the API in the namespace ${namespace} is ready`);
  }
  return { namespace, pod: pod.metadata.name, port };
}

function isReady({ metadata, status }: V1Pod): boolean {
  return (
    metadata?.deletionTimestamp === undefined &&
    status?.conditions?.some(({ type, status: is }) => type === 'Ready' && is === 'True') === true
  );
}

/** The port of the pod that the first port of the Service leads to. */
function portOf(service: V1Service, pod: V1Pod): number | undefined {
  const [first] = service.spec?.ports ?? [];
  const target = first?.targetPort ?? first?.port;
  if (typeof target === 'number') {
    return target;
  }
  const ports = pod.spec?.containers.flatMap((container) => container.ports ?? []) ?? [];
  return ports.find(({ name }) => name === target)?.containerPort;
}

/** The token of the kubeconfig's user, however it is got; none of one with a certificate. */
async function kubeconfigHeaders(config: KubeConfig): Promise<Record<string, string>> {
  const options: { headers?: Record<string, unknown> } = {};
  await config.applyToHTTPSOptions(options);
  const authorization = options.headers?.['Authorization'];
  return typeof authorization === 'string' && authorization.startsWith('Bearer ')
    ? { authorization }
    : {};
}

async function forward(
  config: KubeConfig,
  target: () => Promise<Target>,
  socket: Socket,
): Promise<void> {
  socket.on('error', () => socket.destroy());
  try {
    const { namespace, pod, port } = await target();
    const forwarder = new PortForward(config);
    const opened: unknown = await forwarder.portForward(
      namespace,
      pod,
      [port],
      socket,
      null,
      socket,
    );
    // A WebSocket, as nothing is retried; its type is of a package that has none here.
    const webSocket = opened as Closable;
    webSocket.onclose = () => {
      socket.end();
    };
    socket.once('close', () => {
      webSocket.close();
    });
  } catch {
    socket.destroy();
  }
}

/** What the cluster says against it, without its message, which holds whole answers. */
async function told<Result>(ask: () => Promise<Result>): Promise<Result> {
  try {
    return await ask();
  } catch (error) {
    if (error instanceof ConnectionError) {
      throw error;
    }
    const status = error instanceof ApiException ? error.code : 0;
    const why = status === 0 ? 'does not answer' : `refuses it with ${String(status)}`;
    throw new ConnectionError(`the cluster that the API is looked for in ${why}`, {
      ...{ status, cause: error },
    });
  }
}
