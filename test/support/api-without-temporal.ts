import { buildApp } from '../../api/app.ts';
import { openTemporal } from '../../api/runs/temporal-line.ts';
import { TemporalRuns } from '../../api/runs/temporal.ts';
import type { StorageLocation } from '../../domain/storage-location.ts';
import { openStores } from '../../storage/object-store/open.ts';

const NOWHERE = { name: 'default', provider: 'folder', path: '/nonexistent' } as const;

/** An API whose Temporal is not there, for requests that must not get that far. */
export function apiWithoutTemporal(
  locations: readonly StorageLocation[] = [],
): ReturnType<typeof buildApp> {
  return buildApp({
    temporal: new TemporalRuns(openTemporal({ address: '127.0.0.1:1' }), 'default'),
    locations,
    store: openStores(locations.length === 0 ? [NOWHERE] : locations),
    logLevel: 'silent',
  });
}
