import type { AccessControl } from '../../api/access/guard.ts';
import { buildApp } from '../../api/app.ts';
import { openTemporal } from '../../api/runs/temporal-line.ts';
import { TemporalRuns } from '../../api/runs/temporal.ts';
import type { StorageLocation } from '../../domain/storage-location.ts';
import { LocationSet } from '../../storage/location-set.ts';

const NOWHERE = { name: 'default', provider: 'folder', path: '/nonexistent' } as const;

interface ApiOptions {
  /** Of a Temporal that is there. */
  readonly address?: string | undefined;
  readonly control?: AccessControl;
}

/** An API whose Temporal is not there, unless it is named, for requests that must not get that far. */
export function apiWithoutTemporal(
  locations: readonly StorageLocation[] = [],
  { address = '127.0.0.1:1', control }: ApiOptions = {},
): ReturnType<typeof buildApp> {
  const stores = new LocationSet({ fixed: locations.length === 0 ? [NOWHERE] : locations });
  return buildApp({
    temporal: new TemporalRuns(openTemporal({ address }), 'default'),
    locations: new LocationSet({ fixed: locations }),
    store: (name) => stores.store(name),
    control,
    logLevel: 'silent',
  });
}
