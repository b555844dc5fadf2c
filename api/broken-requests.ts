import { randomUUID } from 'node:crypto';
import { STATUS_CODES } from 'node:http';
import type { Socket } from 'node:net';

import type { Problem } from '../domain/api-resource.ts';
import { Failure } from '../domain/failure.ts';
import { PROBLEM_CONTENT, problemOf } from './errors.ts';

/** What the parser of HTTP says of a request that it gives to nobody. */
const FAULTS: Readonly<Record<string, { status: number; detail: string }>> = {
  HPE_HEADER_OVERFLOW: {
    status: 431,
    detail: 'path and headers are together longer than 16 KiB; send less',
  },
  ERR_HTTP_REQUEST_TIMEOUT: { status: 408, detail: 'the request did not come to its end in time' },
};
const OTHER_FAULT = { status: 400, detail: 'the request is not one of HTTP' };

/** The problem to what no route and no hook gets to see, for it is no whole request. */
export function answerBrokenRequest(error: { readonly code: string }, socket: Socket): void {
  if (socket.writable && error.code !== 'ECONNRESET') {
    const { status, detail } = FAULTS[error.code] ?? OTHER_FAULT;
    const request = { id: randomUUID(), url: '/' };
    const failure = new Failure('invalid-request', detail);
    socket.write(messageOf(problemOf(request, { failure, status })));
  }
  socket.destroySoon();
}

function messageOf(problem: Problem): string {
  const body = JSON.stringify(problem);
  const lines = [
    `HTTP/1.1 ${String(problem.status)} ${STATUS_CODES[problem.status] ?? ''}`,
    `content-type: ${PROBLEM_CONTENT}`,
    `content-length: ${String(Buffer.byteLength(body))}`,
    `x-request-id: ${problem.requestId}`,
    'connection: close',
  ];
  return `${lines.join('\r\n')}\r\n\r\n${body}`;
}
