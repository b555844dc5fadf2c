import { afterAll, beforeAll, expect, test } from 'vitest';

import type { NamespaceResource, NamespaceResourceList } from '../../domain/api-namespace.ts';
import { freePort } from '../support/free-port.ts';
import { freshNamespace } from '../support/fresh-namespace.ts';
import { startHoldfast } from '../support/holdfast.ts';
import { Installation } from '../support/installation.ts';
import { deleteNamespace } from '../support/kubectl.ts';

// Goal: it is seen at once which namespaces would be lost. Method: a real cluster with a namespace that is backed up, one
// of which some types are, and one that nobody backs up.

let installation: Installation;
let metricsPort: number;
let saved: string;
let partly: string;
let bare: string;

beforeAll(async () => {
  metricsPort = await freePort();
  [installation, saved, partly, bare] = await Promise.all([
    Installation.start({
      isFolder: true,
      environment: { api: { HOLDFAST_METRICS_PORT: String(metricsPort) } },
    }),
    freshNamespace('saved'),
    freshNamespace('partly'),
    freshNamespace('bare'),
  ]);
  const { name: cluster } = installation;
  await installation.createBackup('whole', [saved]);
  await installation.request('POST', '/backups', {
    metadata: { name: 'types' },
    spec: { cluster, includedNamespaces: [partly], includedResources: ['secrets'] },
  });
  await installation.request('POST', '/schedules', {
    metadata: { name: 'daily' },
    spec: { schedule: '@daily', template: { cluster, includedNamespaces: [saved] } },
  });
  await installation.ended('backups', 'whole');
  await installation.ended('backups', 'types');
});

afterAll(async () => {
  await installation.stop();
  await Promise.all([saved, partly, bare].map((name) => deleteNamespace(name)));
});

async function list(query = ''): Promise<NamespaceResourceList> {
  const path = `/namespaces?limit=500${query}`;
  return (await installation.request<NamespaceResourceList>('GET', path)).body;
}

/** How well the three are protected. */
function ours({ items }: NamespaceResourceList): object {
  const of = (name: string) => items.find(({ metadata }) => metadata.name === name)?.status;
  return [saved, partly, bare].map((name) => of(name)?.protection);
}

test('a namespace is covered by a backup of the whole of it alone, and the counts are of all', async () => {
  await expect.poll(async () => ours(await list())).toEqual(['Covered', 'Uncovered', 'Uncovered']);
  const all = await list();
  const { total, covered, stale, uncovered } = all.counts;
  expect(total).toBe(all.items.length);
  expect(covered + stale + uncovered).toBe(total);
  expect(covered).toBe(1);
  const { body } = await installation.request<NamespaceResource>('GET', `/namespaces/${saved}`);
  expect(body.status).toMatchObject({
    ...{ protection: 'Covered', schedule: 'daily' },
    lastBackup: { name: 'whole', location: 'default' },
  });
});

test('the reader says what is too old, and which are shown', async () => {
  expect(ours(await list('&staleAfter=1ms'))).toEqual(['Stale', 'Uncovered', 'Uncovered']);
  const page = await list('&protection=Covered');
  expect(page.items.map(({ metadata }) => metadata.name)).toEqual([saved]);
  expect(page.counts.total).toBeGreaterThan(3);
  const first = await installation.request<NamespaceResourceList>('GET', '/namespaces?limit=1');
  const token = first.body.metadata.continue ?? '';
  const second = await list(`&continue=${token}`);
  expect(second.items).toHaveLength(first.body.counts.total - 1);
});

test('what cannot be is refused: a namespace that is not there, and a span that is none', async () => {
  expect((await installation.request('GET', '/namespaces/no-such-namespace')).status).toBe(404);
  expect((await installation.request('GET', '/namespaces?staleAfter=often')).status).toBe(400);
});

test('the command line lists them, and says how many are protected', async () => {
  const run = async (...args: string[]) => {
    const command = startHoldfast(args, { HOLDFAST_SERVER: installation.apiUrl });
    expect(await command.status).toBe(0);
    return command;
  };
  const { stdout, stderr } = await run('namespace', 'get');
  const row = stdout.split('\n').find((line) => line.startsWith(`${saved} `));
  expect(row).toMatch(/^\S+ +Covered +whole +\d+s +daily$/);
  expect(stderr).toMatch(/^1 of \d+ namespaces are covered; of 0 the last good backup is too old/);
  const one = await run('get', 'namespaces', bare, '--no-headers');
  expect(one.stdout.trim().split(/ +/)).toEqual([bare, 'Uncovered']);
});

test('a gauge counts them', async () => {
  const scrape = async () =>
    (await fetch(`http://127.0.0.1:${String(metricsPort)}/metrics`)).text();
  // The process looks when it starts.
  await installation.kill('api');
  await installation.startPart('api');
  await expect.poll(scrape).toMatch(/^holdfast_namespaces\{protection="covered"\} 1$/m);
  expect(await scrape()).toMatch(/^holdfast_namespaces\{protection="stale"\} 0$/m);
});
