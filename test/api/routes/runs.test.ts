import { afterEach, expect, test, vi } from 'vitest';

import { buildApp } from '../../../api/app.ts';
import { RunService } from '../../../api/runs/service.ts';
import { openTemporal } from '../../../api/runs/temporal-line.ts';
import { TemporalRuns } from '../../../api/runs/temporal.ts';
import { Failure } from '../../../domain/failure.ts';
import { LocationSet } from '../../../storage/location-set.ts';

// Goal: who wants nothing that was kept for others is told apart by the header that says so. Method: the service is
// asked in our place, and nothing else is there.

const closers: (() => Promise<unknown>)[] = [];

afterEach(async () => {
  vi.restoreAllMocks();
  for (const close of closers.splice(0).reverse()) {
    await close();
  }
});

/** Whether the API has the run looked at anew for this client. */
async function isFreshFor(headers: Record<string, string>): Promise<boolean | undefined> {
  const refused = new Failure('not-found', '');
  const wait = vi.spyOn(RunService.prototype, 'wait').mockRejectedValue(refused);
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
  return wait.mock.lastCall?.[1].isFresh;
}

test('a client that takes no answer of a cache has the run looked at after it asked', async () => {
  expect(await isFreshFor({ 'cache-control': 'max-age=0, no-cache' })).toBe(true);
});

test('other clients share what was seen of a run', async () => {
  expect(await isFreshFor({})).toBe(false);
  expect(await isFreshFor({ 'cache-control': 'max-age=0' })).toBe(false);
});
