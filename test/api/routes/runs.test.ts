import { afterEach, expect, test, vi } from 'vitest';

import { buildApp } from '../../../api/app.ts';
import { RunService } from '../../../api/runs/service.ts';
import { openTemporal } from '../../../api/runs/temporal-line.ts';
import { TemporalRuns } from '../../../api/runs/temporal.ts';
import { Failure } from '../../../domain/failure.ts';
import { LocationSet } from '../../../storage/location-set.ts';

// Goal: who wants nothing that was kept for others gets a look that began after they asked. Method: the service is
// asked in our place, and nothing else is there.

const closers: (() => Promise<unknown>)[] = [];

afterEach(async () => {
  vi.restoreAllMocks();
  for (const close of closers.splice(0).reverse()) {
    await close();
  }
});

/** Since when a look must have begun for the API to show it to this client; undefined where a kept one will do. */
async function sinceOf(headers: Record<string, string>): Promise<number | undefined> {
  const get = vi.spyOn(RunService.prototype, 'get').mockRejectedValue(new Failure('not-found', ''));
  const temporal = new TemporalRuns(openTemporal({ address: '127.0.0.1:1' }), 'default');
  const locations = new LocationSet({ fixed: [] });
  const store = (name: string) => locations.store(name);
  const app = await buildApp({ temporal, locations, store, logLevel: 'silent' });
  closers.push(
    () => temporal.close(),
    () => app.close(),
  );
  const answer = await app.inject({ method: 'GET', url: '/api/v1/backups/b', headers });
  expect(answer.statusCode).toBe(404);
  return get.mock.lastCall?.[1];
}

test('a client that takes no answer of a cache has the run looked at after it asked', async () => {
  const asked = performance.now();
  expect(await sinceOf({ 'cache-control': 'max-age=0, no-cache' })).toBeGreaterThan(asked);
});

test('other clients share what was seen of a run', async () => {
  expect(await sinceOf({})).toBeUndefined();
  expect(await sinceOf({ 'cache-control': 'max-age=0' })).toBeUndefined();
});
