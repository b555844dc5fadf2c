import { mkdtemp } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';

import type { FastifyInstance } from 'fastify';

import { buildApp } from '../../api/app.ts';
import { openTemporal } from '../../api/runs/temporal-line.ts';
import { TemporalRuns } from '../../api/runs/temporal.ts';
import { createFolderStore } from '../../storage/object-store/folder.ts';
import type { ObjectStore } from '../../storage/object-store/port.ts';
import { LocationSet } from '../../storage/location-set.ts';

/** A store in a folder of its own. */
export async function openFolder(): Promise<{ path: string; store: ObjectStore }> {
  const path = await mkdtemp(join(tmpdir(), 'holdfast-contents-'));
  return { path, store: createFolderStore({ name: 'default', provider: 'folder', path }) };
}

/** Nothing listens here. */
const NO_TEMPORAL = '127.0.0.1:1';

interface ApiOptions {
  readonly isRevealAllowed?: boolean;
  /** None by default: the contents of a backup that has ended need no Temporal. */
  readonly temporalAddress?: string;
}

/** An API over one store, or over the one that there is at the time of a request. It closes what it opened. */
export async function contentsApi(
  store: ObjectStore | (() => ObjectStore),
  { isRevealAllowed = false, temporalAddress: address = NO_TEMPORAL }: ApiOptions = {},
): Promise<FastifyInstance> {
  const temporal = new TemporalRuns(openTemporal({ address }), 'default');
  const options = {
    temporal,
    locations: new LocationSet({ fixed: [] }),
    store: typeof store === 'function' ? store : () => store,
    logLevel: 'silent',
  };
  const app = await buildApp({ ...options, isRevealAllowed });
  app.addHook('onClose', () => temporal.close());
  return app;
}
