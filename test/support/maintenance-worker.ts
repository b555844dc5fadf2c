import { Worker } from '@temporalio/worker';

import type { VolumeEngine } from '../../activities/engine/port.ts';
import { createActivities } from '../../activities/index.ts';
import { openCluster } from '../../activities/kubernetes/client.ts';
import { clusterTaskQueue } from '../../domain/workflow-id.ts';
import { openObjectStore } from '../../storage/object-store/open.ts';
import { TemporalLeases } from '../../worker/temporal-leases.ts';
import { HELD_MASTER_KEY } from './held-master-key.ts';
import type { LeaseFixture } from './lease-fixture.ts';
import { wrapped } from './wrapped-cluster.ts';

/** A worker of a cluster of its own that maintains repositories by an engine of the test. Gives what stops it. */
export async function startMaintenanceWorker(
  { installation, native }: LeaseFixture,
  { cluster, engine }: { cluster: string; engine: VolumeEngine },
): Promise<() => Promise<void>> {
  const location = installation.location('direct');
  const store = openObjectStore(location);
  const activities = createActivities({
    cluster: wrapped(openCluster(), HELD_MASTER_KEY),
    ...{ installation: () => Promise.resolve('test'), namespace: 'holdfast', engine },
    leases: new TemporalLeases({ connection: native, namespace: 'default' }),
    isServed: () => Promise.resolve(true),
    seenImages: new Map(),
    location: () => location,
    locations: () => Promise.resolve([]),
    refreshLocations: () => Promise.resolve(false),
    store: () => store,
  });
  const taskQueue = clusterTaskQueue(cluster);
  const worker = await Worker.create({ connection: native, taskQueue, activities });
  const ended = worker.run();
  return async () => {
    worker.shutdown();
    await ended;
    store.close();
  };
}
