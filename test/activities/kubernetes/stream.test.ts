import { createHash } from 'node:crypto';
import { createServer, type Server } from 'node:http';
import type { AddressInfo, Socket } from 'node:net';

import { Agent } from 'undici';
import { afterAll, beforeAll, beforeEach, expect, test } from 'vitest';

import { openStream, type StreamAnswer } from '../../../activities/kubernetes/stream.ts';

// Goal: a connection on which nothing comes any more is given up. Method: a server that opens a websocket and then says
// what the test wants, as no real API server can be made to.

const PROTOCOL = 'v4.channel.k8s.io';
/** What RFC 6455 puts behind the key of a handshake. */
const KEY_SUFFIX = '258EAFA5-E914-47DA-95CA-C5AB0DC85B11';
/** A ping from the client has a mask; its answer has none and no content. */
const EMPTY_PONG = Buffer.from([0x8a, 0x00]);

const REFUSAL = 'HTTP/1.1 429 \r\nRetry-After: 7\r\nContent-Length: 2\r\n\r\nno';

let server: Server;
let sockets: Socket[] = [];
let handshake: 'open' | 'refuse' | 'be silent';
let onData: (socket: Socket) => void;
const dispatcher = new Agent();

beforeAll(async () => {
  server = createServer();
  server.on('upgrade', ({ headers }, socket: Socket) => {
    sockets.push(socket);
    socket.on('error', () => socket.destroy());
    socket.on('end', () => socket.end());
    socket.on('data', () => {
      onData(socket);
    });
    if (handshake !== 'be silent') {
      socket.write(handshake === 'open' ? openingOf(headers['sec-websocket-key'] ?? '') : REFUSAL);
    }
  });
  await new Promise<void>((resolve) => {
    server.listen(0, '127.0.0.1', resolve);
  });
});

beforeEach(() => {
  sockets = [];
  handshake = 'open';
  onData = () => undefined;
});

afterAll(async () => {
  await dispatcher.destroy();
  server.close();
});

function openingOf(key: string): string {
  const accept = createHash('sha1').update(`${key}${KEY_SUFFIX}`).digest('base64');
  const headers = ['Upgrade: websocket', 'Connection: Upgrade'];
  const answer = [`Sec-WebSocket-Accept: ${accept}`, `Sec-WebSocket-Protocol: ${PROTOCOL}`];
  return ['HTTP/1.1 101 ', ...headers, ...answer, '', ''].join('\r\n');
}

function open(signal = new AbortController().signal): Promise<StreamAnswer> {
  const { port } = server.address() as AddressInfo;
  const url = `ws://127.0.0.1:${String(port)}/`;
  const target = { url, protocol: PROTOCOL, headers: {}, dispatcher, signal, pingEveryMs: 20 };
  return openStream(target, () => undefined);
}

test('a server that opens no stream is heard', async () => {
  handshake = 'refuse';
  expect(await open()).toEqual({ ok: false, status: 429, retryAfter: '7', body: 'no' });
});

test('an abort ends the opening of a stream', async () => {
  handshake = 'be silent';
  const abort = new AbortController();
  const opening = expect(open(abort.signal)).rejects.toThrow();
  await expect.poll(() => sockets.length).toBe(1);
  abort.abort();
  await opening;
  await expect.poll(() => sockets.every(({ destroyed }) => destroyed)).toBe(true);
});

test('a stream on which no answer to a ping comes is ended', async () => {
  const answer = await open();
  expect(answer.ok).toBe(true);
  if (answer.ok) {
    await answer.stream.closed;
  }
  await expect.poll(() => sockets.every(({ destroyed }) => destroyed)).toBe(true);
});

test('a stream whose pings are answered stays open', async () => {
  let pings = 0;
  const many = new Promise<void>((resolve) => {
    onData = (socket) => {
      socket.write(EMPTY_PONG);
      pings += 1;
      if (pings === 10) {
        resolve();
      }
    };
  });
  const answer = await open();
  await many;
  expect(sockets.map(({ destroyed }) => destroyed)).toEqual([false]);
  if (answer.ok) {
    answer.stream.end();
    await answer.stream.closed;
  }
});
