import type { Dependencies } from '../../activities/dependencies.ts';
import type { VolumeEngine } from '../../activities/engine/port.ts';

/** Fails, as what no activity of a test needs. */
export const refuse = (): Promise<never> =>
  Promise.reject(new Error('no activity here needs this'));

const ENGINE: VolumeEngine = {
  probe: refuse,
  backup: refuse,
  readBack: refuse,
  restore: refuse,
  snapshots: refuse,
  forget: refuse,
  prune: refuse,
  check: refuse,
  locks: refuse,
  unlock: refuse,
};

/** For activities that touch no volumes. */
export const NO_VOLUMES: Pick<
  Dependencies,
  'leases' | 'engine' | 'location' | 'locations' | 'refreshLocations' | 'seenImages'
> = {
  leases: { acquire: refuse, release: refuse, isClosed: refuse },
  engine: ENGINE,
  seenImages: new Map(),
  locations: () => Promise.resolve([]),
  refreshLocations: () => Promise.resolve(false),
  location: (name) => ({ name, provider: 'folder', path: '/nonexistent' }),
};
