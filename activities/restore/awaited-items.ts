import {
  groupResource,
  type ItemReference,
  itemText,
  type ResourceType,
} from '../../domain/item.ts';
import { whyNotReady } from '../../domain/restore/item-readiness.ts';
import { targetItem } from '../../domain/restore/target-item.ts';
import type { RestoreSpec } from '../../domain/restore.ts';
import type { Cluster } from '../kubernetes/port.ts';
import type { AwaitedBy } from '../plugins/restore-actions.ts';
import { itemFailure } from './item-failure.ts';

/** Tells whether items are in the cluster, and ready. What is served is discovered once, and what was ready stays so. */
export class AwaitedItems {
  readonly #cluster: Cluster;
  readonly #spec: RestoreSpec;
  readonly #ready = new Set<string>();
  #types: Promise<ReadonlyMap<string, ResourceType>> | undefined;

  constructor(cluster: Cluster, spec: RestoreSpec) {
    this.#cluster = cluster;
    this.#spec = spec;
  }

  /** The first of some items that is not ready where the restore puts it, who waits for it, and why; undefined if all are. */
  async firstUnready(awaited: readonly AwaitedBy[]): Promise<string | undefined> {
    for (const { who, items } of awaited) {
      for (const item of items.map((one) => targetItem(one, this.#spec))) {
        const text = itemText(item);
        const why = this.#ready.has(text) ? undefined : await this.#whyNot(item);
        if (why !== undefined) {
          return `${who}, lets it wait for ${text}: ${why}`;
        }
        this.#ready.add(text);
      }
    }
    return undefined;
  }

  async #whyNot(item: ItemReference): Promise<string | undefined> {
    try {
      this.#types ??= this.#discover();
      const type = (await this.#types).get(groupResource(item));
      return type === undefined
        ? 'the cluster does not serve its type'
        : whyNotReady(item, await this.#cluster.read(type, item));
    } catch (error) {
      // Throws what concerns the whole cluster.
      const { failure } = await itemFailure(error, this.#cluster);
      return `it cannot be read: ${failure.message}`;
    }
  }

  async #discover(): Promise<ReadonlyMap<string, ResourceType>> {
    const { types } = await this.#cluster.discover();
    return new Map(types.map((type) => [groupResource(type), type]));
  }
}
