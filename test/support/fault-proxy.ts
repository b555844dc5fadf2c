import {
  type ClientRequest,
  createServer,
  type IncomingHttpHeaders,
  type IncomingMessage,
  request as httpRequest,
  type Server,
  type ServerResponse,
} from 'node:http';
import { request as httpsRequest } from 'node:https';
import { isIP } from 'node:net';
import { setTimeout as sleep } from 'node:timers/promises';

/** What a fault can be told by, beside method and path. */
interface ProxiedRequest {
  readonly query: URLSearchParams;
  readonly headers: IncomingHttpHeaders;
}

/**
 * `forbid` refuses as S3 does what a policy does not allow; `ignore-condition` answers 412 as if all had gone well;
 * `other-time` tells a time of two minutes ago.
 */
type Effect =
  | 'fail'
  | 'full'
  | 'refuse'
  | 'flip'
  | 'truncate'
  | 'delay'
  | 'forbid'
  | 'ignore-condition'
  | 'other-time';

/** What a proxy does to one request. */
export interface Fault {
  /** Requests of any method when left out. */
  readonly method?: string;
  /** Whether the fault is for the object of this path. */
  readonly matches: (path: string, request: ProxiedRequest) => boolean;
  readonly effect: Effect;
  /** How long nothing happens before, in milliseconds. */
  readonly delayMs?: number;
  /** What is waited for before. */
  readonly until?: Promise<unknown>;
}

const PRECONDITION_FAILED = 412;
const OTHER_TIME_MS = 120_000;

/** What is answered in place of the server. */
const REFUSALS: Partial<Record<Fault['effect'], { status: number; body: string }>> = {
  forbid: { status: 403, body: '<Error><Code>AccessDenied</Code></Error>' },
  fail: { status: 500, body: '<Error><Code>InternalError</Code></Error>' },
  // What MinIO says.
  full: {
    status: 507,
    body: '<Error><Code>XMinioStorageFull</Code><Message>Storage backend has reached its minimum free drive threshold. Please delete a few objects to proceed.</Message></Error>',
  },
};

/**
 * Stands in front of an S3 server and does harm on demand: answers 500, or as a full store does, breaks the connection,
 * gives an object back with one byte changed or without its end, or takes its time.
 */
export class FaultProxy {
  readonly #server: Server;
  readonly #target: URL;
  readonly #ca: string | undefined;
  faults: Fault[] = [];
  /** How often a fault was done. */
  hits = 0;

  private constructor(target: string, ca: string | undefined) {
    this.#target = new URL(target);
    this.#ca = ca;
    this.#server = createServer((incoming, outgoing) => {
      void this.#handle(incoming, outgoing);
    });
  }

  /** Starts a proxy that speaks http itself; `ca` is the authority of an https server that Node does not know. */
  static async start(target: string, ca?: string): Promise<FaultProxy> {
    const proxy = new FaultProxy(target, ca);
    await new Promise<void>((resolve) => {
      proxy.#server.listen(0, '127.0.0.1', resolve);
    });
    return proxy;
  }

  get url(): string {
    const address = this.#server.address();
    return typeof address === 'object' && address !== null
      ? `http://127.0.0.1:${String(address.port)}`
      : '';
  }

  stop(): void {
    this.#server.closeAllConnections();
    this.#server.close();
  }

  /** Lets no object be written whose key ends or is so, or what else the method does, until what is given back is called. */
  hold(key: string | Fault['matches'], method = 'PUT'): () => void {
    let release: () => void = () => undefined;
    const until = new Promise<void>((resolve) => {
      release = resolve;
    });
    const matches = typeof key === 'string' ? (path: string) => path.endsWith(`/${key}`) : key;
    this.faults.push({ method, matches, effect: 'delay', until });
    return release;
  }

  async #handle(incoming: IncomingMessage, outgoing: ServerResponse): Promise<void> {
    const [path = '', search = ''] = (incoming.url ?? '').split('?');
    const request = { query: new URLSearchParams(search), headers: incoming.headers };
    const fault = this.faults.find(
      ({ method = incoming.method, matches }) =>
        method === incoming.method && matches(decodeURIComponent(path), request),
    );
    const body = Buffer.concat(await incoming.toArray());
    if (fault !== undefined) {
      this.hits += 1;
      await Promise.all([sleep(fault.delayMs ?? 0), fault.until]);
    }
    if (fault?.effect === 'refuse') {
      outgoing.destroy();
      return;
    }
    const refusal = fault && REFUSALS[fault.effect];
    if (refusal !== undefined) {
      outgoing.writeHead(refusal.status, { 'content-type': 'application/xml' });
      outgoing.end(refusal.body);
      return;
    }
    const forward = this.#forward(incoming, (answer) => {
      void pass(answer, outgoing, fault);
    });
    forward.once('error', () => {
      outgoing.destroy();
    });
    forward.end(body);
  }

  #forward(
    { method, url: path, headers }: IncomingMessage,
    onAnswer: (answer: IncomingMessage) => void,
  ): ClientRequest {
    const { protocol, hostname: host, port } = this.#target;
    // The header `host` stays as it came: the request is signed with it.
    const options = { host, port, method, path, headers };
    return protocol === 'https:'
      ? // Node would take the name in the certificate from that header too.
        httpsRequest(
          { ...options, servername: isIP(host) === 0 ? host : '', ca: this.#ca },
          onAnswer,
        )
      : httpRequest(options, onAnswer);
  }
}

async function pass(
  answer: IncomingMessage,
  outgoing: ServerResponse,
  fault: Fault | undefined,
): Promise<void> {
  const status = answer.statusCode ?? 502;
  if (fault === undefined || fault.effect === 'delay') {
    outgoing.writeHead(status, answer.headers);
    answer.pipe(outgoing);
    return;
  }
  if (fault.effect === 'ignore-condition' && status === PRECONDITION_FAILED) {
    answer.resume();
    outgoing.writeHead(200, { 'content-type': 'application/xml', etag: '"0"' });
    outgoing.end('<CompleteMultipartUploadResult><ETag>"0"</ETag></CompleteMultipartUploadResult>');
    return;
  }
  if (fault.effect === 'other-time') {
    const date = new Date(Date.now() - OTHER_TIME_MS).toUTCString();
    outgoing.writeHead(status, { ...answer.headers, date });
    answer.pipe(outgoing);
    return;
  }
  const body = harmed(Buffer.concat(await answer.toArray()), fault);
  outgoing.writeHead(status, { ...answer.headers, 'content-length': String(body.length) });
  outgoing.end(body);
}

function harmed(body: Buffer, { effect }: Fault): Buffer {
  if (effect === 'truncate') {
    return body.subarray(0, Math.floor(body.length * 0.9));
  }
  const middle = Math.floor(body.length / 2);
  if (effect === 'flip' && body.length > 0) {
    body[middle] = (body[middle] ?? 0) ^ 1;
  }
  return body;
}
