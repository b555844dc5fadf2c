import { afterAll, beforeAll, expect, test } from 'vitest';
import type { FastifyInstance } from 'fastify';

import { buildApp } from '../../../api/app.ts';
import { openTemporal } from '../../../api/runs/temporal-line.ts';
import { TemporalRuns } from '../../../api/runs/temporal.ts';
import { Failure } from '../../../domain/failure.ts';
import { openObjectStore } from '../../../storage/object-store/open.ts';
import { LocationSet } from '../../../storage/location-set.ts';

// Goal: a request that names no cluster means the one in which the API is. Method: those that need workers at once, to an API
// of the cluster prod; there is no worker, which the answer says with the name of the cluster.

class WorkerlessRuns extends TemporalRuns {
  override requireWorkers(cluster: string): Promise<void> {
    return Promise.reject(new Failure('no-worker', `nobody works for ${cluster}`));
  }

  override describe(): Promise<undefined> {
    return Promise.resolve(undefined);
  }
}

const temporal = new WorkerlessRuns(openTemporal({ address: '127.0.0.1:1' }), 'default');
let app: FastifyInstance;

beforeAll(async () => {
  const location = { name: 'default', provider: 'folder', path: '/nonexistent' } as const;
  const store = openObjectStore(location);
  app = await buildApp({
    ...{ temporal, ownCluster: 'prod', store: () => store },
    locations: new LocationSet({ fixed: [location] }),
    logLevel: 'silent',
  });
});

afterAll(async () => {
  await app.close();
  await temporal.close();
});

const metadata = { name: 'one' };

test.each<['GET' | 'POST' | 'DELETE', string, object?]>([
  ['POST', '/backups', { metadata }],
  ['POST', '/backups?dryRun=All', { metadata }],
  ['POST', '/restores', { metadata, spec: { backupName: 'b' } }],
  ['POST', '/reconciliations', {}],
  ['GET', '/reconciliations/default'],
  ['POST', '/plugins', { metadata }],
  ['GET', '/plugins'],
  ['GET', '/plugins/one'],
  ['DELETE', '/plugins/one'],
])('%s %s is about the cluster of the API', async (method, path, body) => {
  const answer = await app.inject({
    ...{ method, url: `/api/v1${path}` },
    ...(body === undefined ? {} : { body }),
  });
  expect(answer.json()).toMatchObject({
    detail: expect.stringMatching(/nobody works for prod|runs of cluster prod /) as string,
  });
});
