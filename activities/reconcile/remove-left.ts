import type { OwnDependencies } from '../dependencies.ts';
import { withHeartbeat } from '../heartbeat.ts';
import type { RemoveLeftInput } from '../reconcile-contract.ts';
import { removePod } from '../volumes/own-pods.ts';
import { leftChecks } from './left-checks.ts';
import { leftPods } from './left-pods.ts';
import { leftUploads } from './left-uploads.ts';

/** See `ReconcileActivities.removeLeft`. Each kind is looked for again, so that nothing goes that is needed by now. */
export function removeLeft(deps: OwnDependencies, input: RemoveLeftInput): Promise<void> {
  return withHeartbeat(async (long) => {
    const store = deps.store(input.location);
    const { place } = input;
    switch (input.kind) {
      case 'LeftUploads':
        for await (const { orphan, uploads } of leftUploads(deps, input)) {
          if (orphan.place === place) {
            await store.endUploads(uploads);
          }
        }
        return;
      case 'LeftCheck':
        for (const { orphan, keys, uploads } of await leftChecks(store)) {
          if (orphan.place === place) {
            await store.remove(keys);
            await store.endUploads(uploads);
          }
        }
        return;
      case 'LeftPod':
        for (const { orphan, pod } of await leftPods(deps, input, long.signal)) {
          if (orphan.place === place) {
            await removePod(deps.cluster, pod, long);
          }
        }
    }
  });
}
