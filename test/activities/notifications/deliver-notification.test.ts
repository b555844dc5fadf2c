import { readFile } from 'node:fs/promises';

import { afterEach, expect, test } from 'vitest';

import { AddressGuard } from '../../../activities/notifications/address-guard.ts';
import { deliverNotification } from '../../../activities/notifications/deliver-notification.ts';
import { Failure } from '../../../domain/failure.ts';
import type { EndpointStatus } from '../../../domain/notifications/endpoint.ts';
import { endpointObject, keptEndpoint } from '../../../domain/notifications/endpoint-resource.ts';
import { pingEvent } from '../../../domain/notifications/event.ts';
import { RETRY_PLAN } from '../../../domain/notifications/retry-plan.ts';
import { inActivity } from '../../support/activity-context.ts';
import { makeCertificate } from '../../support/certificate.ts';
import { EventReceiver, type ReceiverAnswer } from '../../support/event-receiver.ts';

// Goal: one attempt to deliver does what the contract says, whatever the receiver does. Method: real receivers on this
// machine; endpoint and Secret come from the test.

const EVENT = pingEvent({ cluster: 'local', endpoint: 'ops', id: '1' }, '2026-03-01T10:00:00Z');
const LOOPBACK = ['127.0.0.0/8', '::1/128'];
const SECRET_WORDS = 'Bearer do-not-tell';
const receivers: EventReceiver[] = [];

afterEach(() => {
  for (const receiver of receivers.splice(0)) {
    receiver.stop();
  }
});

async function receiver(answer?: ReceiverAnswer): Promise<EventReceiver> {
  const started = await EventReceiver.start(answer === undefined ? {} : { answer: () => answer });
  receivers.push(started);
  return started;
}

interface Delivery {
  readonly spec: Record<string, unknown>;
  readonly secret?: Readonly<Record<string, string>>;
  readonly state?: EndpointStatus['state'];
  readonly networks?: readonly string[];
  readonly signal?: AbortSignal;
}

function deliver({ spec, secret, state, networks = LOOPBACK, signal }: Delivery) {
  const noted: object[] = [];
  const object = { ...endpointObject({ name: 'ops', spec }, 'holdfast'), status: { state } };
  const deps = {
    endpoints: {
      list: () => Promise.resolve([]),
      read: () =>
        Promise.resolve(keptEndpoint(state === undefined ? { ...object, status: {} } : object)),
      note: (_: string, status: object) => {
        noted.push(status);
        return Promise.resolve();
      },
    },
    readSecret: () =>
      Promise.resolve(
        secret &&
          Object.fromEntries(Object.entries(secret).map(([key, text]) => [key, Buffer.from(text)])),
      ),
    guard: new AddressGuard(networks),
  };
  const run = inActivity(
    () => deliverNotification(deps, { endpoint: 'ops', event: EVENT, plan: RETRY_PLAN }),
    { attempt: 2, ...(signal === undefined ? {} : { signal }) },
  );
  return { run, noted };
}

async function failureOf(run: Promise<unknown>): Promise<Failure> {
  try {
    await run;
  } catch (error) {
    if (error instanceof Failure) {
      return error;
    }
    throw error;
  }
  throw new Error('it was delivered');
}

test('an event arrives whole, signed, with the headers of the Secret', async () => {
  const { url, events } = await receiver();
  const key = `whsec_${Buffer.alloc(32, 1).toString('base64')}`;
  const secret = { signingKeys: key, 'header.Authorization': SECRET_WORDS };
  const { run, noted } = deliver({ spec: { url, secretRef: { name: 'hook' } }, secret });
  await expect(run).resolves.toEqual({ outcome: 'Delivered', status: 204 });
  const [{ body, headers, path } = { body: '', headers: {}, path: '' }] = events;
  expect(path).toBe('/events');
  expect(JSON.parse(body)).toEqual(EVENT);
  expect(headers).toMatchObject({
    'content-type': 'application/cloudevents+json; charset=utf-8',
    authorization: SECRET_WORDS,
    'webhook-id': EVENT.id,
    'webhook-timestamp': expect.stringMatching(/^\d{10}$/) as string,
    'webhook-signature': expect.stringMatching(/^v1,.{44}$/) as string,
  });
  expect(noted).toMatchObject([{ state: 'Delivering', lastFailure: null }]);
});

test.each([
  [500, 'answers HTTP 500: no success'],
  [404, 'answers HTTP 404: no success'],
  [302, 'answers HTTP 302: a redirect, which is not followed'],
])('an answer %i is a failure that is tried again after a pause', async (status, message) => {
  const elsewhere = await receiver();
  const { url, events } = await receiver({ status, headers: { location: elsewhere.url } });
  const { run, noted } = deliver({ spec: { url } });
  const failure = await failureOf(run);
  expect(failure).toMatchObject({ code: 'notification-failed' });
  expect(failure.message).toContain(message);
  expect(failure.retryAfterMs).toBeGreaterThanOrEqual(20_000);
  expect(failure.retryAfterMs).toBeLessThanOrEqual(25_000);
  expect(noted).toMatchObject([{ state: 'Retrying', lastFailure: { message: failure.message } }]);
  expect([events.length, elsewhere.events.length]).toEqual([1, 0]);
});

test('a receiver that asks to be left alone is left alone for so long', async () => {
  const { url } = await receiver({ status: 429, headers: { 'retry-after': '120' } });
  const { retryAfterMs } = await failureOf(deliver({ spec: { url } }).run);
  expect(retryAfterMs).toBeGreaterThanOrEqual(120_000);
});

test('a receiver that is gone is not tried again', async () => {
  const { url } = await receiver({ status: 410 });
  const failure = await failureOf(deliver({ spec: { url } }).run);
  expect(failure).toMatchObject({ code: 'endpoint-gone', type: 'Refused' });
});

test('an endpoint that fails goes on failing until something is delivered', async () => {
  const { url } = await receiver({ status: 500 });
  const { run, noted } = deliver({ spec: { url }, state: 'Failing' });
  await failureOf(run);
  expect(noted).toMatchObject([{ state: 'Failing' }]);
});

test('a receiver that does not listen, or whose name nobody knows, is told by the code of the system', async () => {
  const closed = await EventReceiver.start();
  const { url: gone } = closed;
  closed.stop();
  expect((await failureOf(deliver({ spec: { url: gone } }).run)).message).toContain('ECONNREFUSED');
  const unknown = 'http://receiver.invalid/secret-path';
  const { message } = await failureOf(deliver({ spec: { url: unknown } }).run);
  expect(message).toMatch(/^receiver\.invalid does not answer \((ENOTFOUND|EAI_AGAIN)\)$/);
});

test('a cancel ends an attempt that waits for an answer', async () => {
  const { url, events } = await receiver('never');
  const stop = new AbortController();
  const { run, noted } = deliver({ spec: { url }, signal: stop.signal });
  const ended = expect(run).rejects.toThrow('stopped');
  await expect.poll(() => events.length).toBe(1);
  stop.abort(new Error('stopped'));
  await ended;
  expect(noted).toEqual([]);
});

test.each([
  'http://127.0.0.1:1/',
  'http://localhost:1/',
  'http://[::1]:1/',
  'http://2130706433:1/',
])('nothing is sent to %s unless the configuration allows it', async (url) => {
  const refused = await failureOf(deliver({ spec: { url }, networks: [] }).run);
  expect(refused.message).toContain('has an address to which no event is sent');
  const allowed = await failureOf(deliver({ spec: { url } }).run);
  expect(allowed.message).toContain('ECONNREFUSED');
});

test('a certificate authority of the endpoint is trusted, and no other', async () => {
  const { caFile, ...tls } = await makeCertificate(['DNS:localhost']);
  const server = await EventReceiver.start({ tls });
  receivers.push(server);
  const url = `https://localhost:${String(server.port)}/`;
  const caCert = await readFile(caFile, 'utf8');
  await expect(deliver({ spec: { url, caCert } }).run).resolves.toMatchObject({ status: 204 });
  const { message } = await failureOf(deliver({ spec: { url } }).run);
  expect(message).toContain('UNABLE_TO_VERIFY_LEAF_SIGNATURE');
});

test.each([
  [undefined, 'is not there'],
  [{ other: 'a' }, 'has neither signingKeys nor'],
  [{ signingKeys: SECRET_WORDS }, 'something else than whsec_ keys'],
  [{ 'header.Host': SECRET_WORDS }, 'has in header.Host no header that can be sent'],
  [{ 'header.X-Key': `${SECRET_WORDS}\r\nX: 1` }, 'has in header.X-Key no header'],
])('nothing is sent with a Secret like %j, of which nothing is told', async (secret, message) => {
  const { url, events } = await receiver();
  const { run, noted } = deliver({
    spec: { url, secretRef: { name: 'hook' } },
    ...(secret === undefined ? {} : { secret }),
  });
  const failure = await failureOf(run);
  expect(failure.message).toContain(message);
  expect(JSON.stringify([failure.message, failure.subject, noted])).not.toContain('do-not-tell');
  expect(events).toEqual([]);
});

test('an endpoint that people have broken is told of, and nothing is sent', async () => {
  const { run } = deliver({ spec: { url: 'ftp://a' } });
  expect((await failureOf(run)).message).toContain('the endpoint ops cannot be used: spec.url');
});
