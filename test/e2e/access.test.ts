import { mkdtemp, readFile, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';

import { afterAll, beforeAll, expect, test } from 'vitest';

import type { BackupResource, Problem } from '../../domain/api-resource.ts';
import { isEndPhase } from '../../domain/phase.ts';
import {
  type AccessFixture,
  accessFixture,
  SHOP_SECRET,
  type Who,
} from '../support/access-fixture.ts';
import {
  BOUND,
  type Endpoint,
  ENDPOINTS,
  EVERYBODY,
  type Everybody,
  KNOWN,
  type Side,
  specOf,
} from '../support/access-matrix.ts';
import { Caller } from '../support/caller.ts';
import { Installation } from '../support/installation.ts';
import { kubectl } from '../support/kubectl.ts';

// Goal: nobody sees or does what the RBAC of the cluster does not let them, by no endpoint, and refusals tell nothing.
// Method: a real installation and cluster with the shipped roles; two namespaces with a backup, a restore and a schedule
// each; an admin, the owner and a viewer of one of them, somebody without any right, and somebody without a token send
// every request that the OpenAPI document has.

const AUDIT_FILE = 'audit.log';

const SIDES: readonly Side[] = ['bank', 'shop'];

let installation: Installation;
let fixture: AccessFixture;
let folder = '';
const callers = {} as Record<Everybody, Caller>;

beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), 'holdfast-access-'));
  installation = await Installation.start({
    environment: {
      api: { HOLDFAST_AUTH: 'Kubernetes', HOLDFAST_AUDIT_LOG: join(folder, AUDIT_FILE) },
    },
  });
  fixture = await accessFixture(installation.name);
  for (const who of EVERYBODY) {
    const token = who === 'nobody' ? undefined : fixture.tokens[who];
    callers[who] = new Caller(`${installation.apiUrl}/api/v1`, token);
  }
  const { shop, bank } = fixture;
  await Promise.all(
    [shop, bank].map(async (namespace) => {
      const side = namespace === shop ? 'shop' : 'bank';
      await created('backups', `${side}-b`, { includedNamespaces: [namespace] });
      await created('restores', `${side}-r`, {
        ...{ backupName: `${side}-b`, includedNamespaces: [namespace], ...BOUND },
      });
      const template = { cluster: installation.name, includedNamespaces: [namespace] };
      const spec = { schedule: '@yearly', template };
      const made = await callers.admin.request('POST', '/schedules', {
        ...{ metadata: { name: `${side}-s` }, spec },
      });
      expect(made.status).toBe(201);
    }),
  );
});

afterAll(async () => {
  await installation.stop();
  await fixture.remove();
  await rm(folder, { recursive: true });
});

/** Makes a run as the admin, and waits for its end. */
async function created(plural: string, name: string, spec: object): Promise<void> {
  const body = { metadata: { name }, spec: { cluster: installation.name, ...spec } };
  const { status, body: problem } = await callers.admin.request<Problem>(
    'POST',
    `/${plural}`,
    body,
  );
  expect([status, problem]).toEqual([202, expect.anything()]);
  for (;;) {
    const { body: run } = await callers.admin.request<BackupResource>('GET', `/${plural}/${name}`);
    if (isEndPhase(run.status.phase)) {
      expect(run.status.failure).toBeUndefined();
      return;
    }
  }
}

const spec = (side: Side) => specOf(side, { cluster: installation.name, ...fixture });

test('every endpoint of the OpenAPI document is in the matrix', async () => {
  const { body } = await callers.nobody.request<{ paths: Record<string, object> }>(
    ...(['GET', '/openapi.json'] as const),
  );
  const routes = Object.entries(body.paths).flatMap(([path, methods]) =>
    Object.keys(methods).map((method) => `${method.toUpperCase()} ${path}`),
  );
  const wanted = ENDPOINTS.map(({ route }) => route.replace(' ', ' /api/v1'));
  expect(routes.sort()).toEqual([...wanted, 'GET /livez', 'GET /readyz'].sort());
});

test('those without rights get one answer for what is there and what is not', async () => {
  for (const path of [
    '/backups/NAME',
    '/restores/NAME',
    '/schedules/NAME',
    '/backups/NAME/items',
  ]) {
    const kind = path.charAt(1);
    const there = await callers.stranger.request<Problem>(
      'GET',
      path.replace('NAME', `shop-${kind}`),
    );
    const gone = await callers.stranger.request<Problem>(
      'GET',
      path.replace('NAME', `gone-${kind}`),
    );
    expect([there.status, gone.status]).toEqual([403, 403]);
    const problem = gone.body;
    expect(there.body).toEqual({
      ...problem,
      requestId: there.body.requestId,
      detail: problem.detail.replace('gone', 'shop'),
      instance: problem.instance.replace('gone', 'shop'),
    });
  }
  const admin = await callers.admin.request<Problem>('GET', '/backups/gone-b');
  expect([admin.status, admin.body.code]).toEqual([404, 'not-found']);
});

test('lists have what their reader may see, and nothing else', async () => {
  const seen = async (who: Everybody, plural: string): Promise<string[]> => {
    const { body } = await callers[who].request<{ items: { metadata: { name: string } }[] }>(
      ...(['GET', `/${plural}`] as const),
    );
    return body.items.map(({ metadata }) => metadata.name);
  };
  for (const plural of ['backups', 'restores', 'schedules']) {
    const letter = plural.charAt(0);
    expect([plural, await seen('admin', plural)]).toEqual([
      plural,
      expect.arrayContaining([`bank-${letter}`, `shop-${letter}`]),
    ]);
    expect(await seen('owner', plural)).toEqual([`shop-${letter}`]);
    expect(await seen('viewer', plural)).toEqual([`shop-${letter}`]);
    expect(await seen('stranger', plural)).toEqual([]);
  }
  const namespaces = (who: Everybody) => seen(who, 'namespaces?limit=500');
  const both: unknown = expect.arrayContaining([fixture.bank, fixture.shop]);
  expect(await namespaces('admin')).toEqual(both);
  expect([await namespaces('owner'), await namespaces('viewer')]).toEqual([
    [fixture.shop],
    [fixture.shop],
  ]);
  expect(await namespaces('stranger')).toEqual([]);
});

test.each<[string, string, () => object]>([
  [
    'a backup of another namespace too',
    'backups',
    () => ({ includedNamespaces: [fixture.shop, fixture.bank] }),
  ],
  ['a backup of all', 'backups', () => ({ includedNamespaces: ['*'] })],
  [
    'a backup of a pattern',
    'backups',
    () => ({ includedNamespaces: [`${fixture.shop.slice(0, -1)}?`] }),
  ],
  [
    'a backup with objects of the cluster',
    'backups',
    () => ({ includedNamespaces: [fixture.shop], includeClusterResources: true }),
  ],
  [
    'a backup in another cluster',
    'backups',
    () => ({ cluster: 'other', includedNamespaces: [fixture.shop] }),
  ],
  [
    'a restore of what others own',
    'restores',
    () => ({
      backupName: 'bank-b',
      includedNamespaces: [fixture.bank],
      namespaceMapping: { [fixture.bank]: fixture.shop },
      ...BOUND,
    }),
  ],
  [
    'a restore to where others are',
    'restores',
    () => ({
      backupName: 'shop-b',
      includedNamespaces: [fixture.shop],
      namespaceMapping: { [fixture.shop]: fixture.bank },
      ...BOUND,
    }),
  ],
  [
    'a restore with roles',
    'restores',
    () => ({
      backupName: 'shop-b',
      includedNamespaces: [fixture.shop],
      includeClusterResources: false,
    }),
  ],
  [
    'a restore with objects of the cluster',
    'restores',
    () => ({
      backupName: 'shop-b',
      includedNamespaces: [fixture.shop],
      excludedResources: BOUND.excludedResources,
    }),
  ],
  ['another try of what others restored', 'restores', () => ({ retryOf: 'bank-r' })],
])('the owner of a namespace is refused %s', async (_case, plural, made) => {
  for (const query of ['', '?dryRun=All']) {
    const body = {
      metadata: { name: 'too-much' },
      spec: { cluster: installation.name, ...made() },
    };
    const answer = await callers.owner.request<Problem>('POST', `/${plural}${query}`, body);
    expect([answer.status, answer.body.code]).toEqual([403, 'forbidden']);
  }
  const gone = await callers.admin.request('GET', `/${plural}/too-much`);
  expect(gone.status).toBe(404);
});

test('the owner of a namespace backs it up and restores into it', async () => {
  const backup = { metadata: { name: 'own-b' }, spec: spec('shop') };
  expect((await callers.owner.request('POST', '/backups', backup)).status).toBe(202);
  await untilEnded('/backups/own-b');
  const body = {
    metadata: { name: 'own-r' },
    spec: { ...spec('shop'), backupName: 'own-b', ...BOUND },
  };
  expect((await callers.owner.request('POST', '/restores', body)).status).toBe(202);
  await untilEnded('/restores/own-r');
  for (const path of ['/restores/own-r', '/backups/own-b']) {
    await callers.owner.request('DELETE', path);
    while ((await callers.admin.request('GET', path)).status !== 404) {
      await sleep(200);
    }
  }
});

async function untilEnded(path: string): Promise<void> {
  for (;;) {
    const { status, body } = await callers.owner.request<BackupResource>('GET', path);
    expect(status).toBe(200);
    if (isEndPhase(body.status.phase)) {
      return;
    }
  }
}

test('values of Secrets are for those who own them', async () => {
  const path = `/backups/shop-b/items/secrets/till?namespace=${fixture.shop}`;
  const read = async (who: Who, query: string) => {
    const { status, body } = await callers[who].request(...(['GET', `${path}${query}`] as const));
    const text = JSON.stringify(body);
    return { status, isSeen: text.includes(Buffer.from(SHOP_SECRET).toString('base64')) };
  };
  expect(await read('viewer', '')).toEqual({ status: 200, isSeen: false });
  expect(await read('viewer', '&secrets=reveal')).toEqual({ status: 403, isSeen: false });
  expect(await read('owner', '&secrets=reveal')).toEqual({ status: 200, isSeen: true });
  const { status } = await callers.viewer.request('GET', '/backups/shop-b/download?secrets=reveal');
  expect(status).toBe(403);
});

test('nobody does what is not theirs, by no endpoint', async () => {
  const wrong: string[] = [];
  // The admin comes last: what others may do is there until then.
  const senders = EVERYBODY.toReversed();
  for (const endpoint of ENDPOINTS) {
    for (const [who, side] of senders.flatMap((one) => SIDES.map((of) => [one, of] as const))) {
      wrong.push(...(await faultsOf(endpoint, who, side)));
    }
  }
  expect(wrong).toEqual([]);
});

/** What is wrong with the answer to a request; nothing as a rule. */
async function faultsOf(endpoint: Endpoint, who: Everybody, side: Side): Promise<string[]> {
  const { route, path, body } = endpoint;
  const names = { cluster: installation.name, ...fixture };
  const [method = ''] = route.split(' ');
  const sent = [path(side, names), body?.(side, names)] as const;
  const { status, body: answer } = await callers[who].request<Problem>(method, ...sent);
  const text = JSON.stringify(answer);
  const isRight = mayPass(endpoint, who, side)
    ? status !== 401 && status !== 403 && status < 500
    : status === (who === 'nobody' ? 401 : 403) && !tellsMore(text, JSON.stringify(sent));
  return isRight
    ? []
    : [`${who}: ${method} ${sent[0]} got ${String(status)} ${text.slice(0, 300)}`];
}

function mayPass({ allowed }: Endpoint, who: Everybody, side: Side): boolean {
  const isOwn = side === 'shop' || who === 'admin' || allowed === KNOWN;
  return isOwn && allowed.includes(who);
}

/** Whether a refusal names a namespace that the request does not. */
function tellsMore(answer: string, request: string): boolean {
  return SIDES.some((side) => answer.includes(fixture[side]) && !request.includes(fixture[side]));
}

test('of the things of others, nobody but the admin has changed any', async () => {
  const changes = (await auditEvents()).filter(
    ({ responseStatus, objectRef }) =>
      responseStatus.code < 300 && objectRef.name?.startsWith('bank') === true,
  );
  const names = new Set(changes.map(({ user }) => user.username));
  expect([...names]).toEqual([expect.stringMatching(/:admin$/)]);
});

interface AuditEvent {
  readonly verb: string;
  readonly requestURI: string;
  readonly user: { readonly username?: string };
  readonly objectRef: {
    readonly resource?: string;
    readonly namespace?: string;
    readonly name?: string;
  };
  readonly responseStatus: { readonly code: number };
  readonly annotations: Record<string, string>;
}

async function auditEvents(): Promise<AuditEvent[]> {
  const text = await readFile(join(folder, AUDIT_FILE), 'utf8');
  // The API writes them, and the assertions look at what they have.
  return text
    .trim()
    .split('\n')
    .map((line) => JSON.parse(line) as AuditEvent);
}

test('the audit log tells who did what and who was refused, and no content', async () => {
  const events = await auditEvents();
  const told = (who: string, verb: string, name: string) =>
    events.find(
      (event) =>
        event.user.username?.endsWith(`:${who}`) === true &&
        event.verb === verb &&
        event.objectRef.name === name,
    );
  expect(told('owner', 'hold', 'shop-b')).toMatchObject({
    ...{ sourceIPs: ['127.0.0.1'], responseStatus: { code: 200 } },
    objectRef: { apiGroup: 'holdfast.dev', resource: 'backups', namespace: fixture.shop },
    annotations: { 'authorization.k8s.io/decision': 'allow', 'holdfast.dev/location': 'default' },
  });
  expect(told('stranger', 'delete', 'shop-b')).toMatchObject({
    responseStatus: { code: 403 },
    annotations: { 'authorization.k8s.io/decision': 'forbid' },
  });
  expect(events.map(({ responseStatus }) => responseStatus.code)).toContain(401);
  // Who looks at what a backup holds is told, and who looks at the backup is not.
  const looks = events.filter(
    ({ verb, responseStatus }) => verb === 'get' && responseStatus.code === 200,
  );
  expect(looks.map(({ requestURI }) => requestURI.split('?')[0])).toEqual(
    expect.arrayContaining([
      '/api/v1/backups/shop-b/items/secrets/till',
      '/api/v1/backups/shop-b/download',
      '/api/v1/backups/shop-b/logs',
    ]),
  );
  expect(looks.map(({ requestURI }) => requestURI)).not.toContain('/api/v1/backups/shop-b');
  const text = await readFile(join(folder, AUDIT_FILE), 'utf8');
  expect(text).not.toContain(SHOP_SECRET);
  expect(text).not.toContain(Buffer.from(SHOP_SECRET).toString('base64'));
  for (const token of Object.values(fixture.tokens)) {
    expect(text).not.toContain(token);
  }
});

test('a token for somebody else stands for nobody', async () => {
  const token = await kubectl('create', 'token', 'default', '-n', fixture.shop);
  const caller = new Caller(`${installation.apiUrl}/api/v1`, token.trim());
  const { status, headers, body } = await caller.request<Problem>('GET', '/backups');
  expect([status, headers.get('www-authenticate'), body.code]).toEqual([
    401,
    'Bearer',
    'unauthenticated',
  ]);
});
