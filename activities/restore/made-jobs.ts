import { fields } from '../../domain/fields.ts';
import {
  groupResource,
  type ItemReference,
  type KubernetesObject,
  type ResourceType,
} from '../../domain/item.ts';
import { madeJobKey } from '../../domain/object-key.ts';
import type { ObjectStore } from '../../storage/object-store/port.ts';
import type { RestoreRun } from '../contract.ts';

/**
 * Remembers the Jobs that one run has created and that the cluster takes away once they have ended
 * (`ttlSecondsAfterFinished`). Another attempt would find no trace of one and run it a second time.
 */
export class MadeJobs {
  readonly #store: ObjectStore;
  readonly #run: RestoreRun;

  constructor(store: ObjectStore, run: RestoreRun) {
    this.#store = store;
    this.#run = run;
  }

  /** Keeps that an object was created, if it is such a Job. */
  async note(type: ResourceType, item: ItemReference, object: KubernetesObject): Promise<void> {
    if (isShortLived(type, object)) {
      await this.#store.put(madeJobKey(this.#run, item), new Uint8Array());
    }
  }

  /** Whether an object is such a Job, and an attempt of this run has created it. */
  async has(type: ResourceType, item: ItemReference, object: KubernetesObject): Promise<boolean> {
    return (
      isShortLived(type, object) &&
      (await this.#store.head(madeJobKey(this.#run, item))) !== undefined
    );
  }
}

function isShortLived(type: ResourceType, { spec }: KubernetesObject): boolean {
  return (
    groupResource(type) === 'jobs.batch' &&
    typeof fields(spec)['ttlSecondsAfterFinished'] === 'number'
  );
}
