import { Failure } from '../../domain/failure.ts';
import {
  type Freeze,
  FREEZE_SELECTOR,
  freezeLeaseName,
  freezeOfLease,
  LEASE,
  leaseOfFreeze,
  type StoredFreeze,
  type Thawing,
  thawingPatch,
} from '../../domain/hooks/freeze.ts';
import type { Cluster } from '../kubernetes/port.ts';
import { ensureNamespace } from '../own-namespace.ts';

type LeaseCluster = Pick<Cluster, 'create' | 'listPages' | 'patch' | 'read' | 'remove'>;

/** The freezes that stand in Leases of Holdfast's own namespace. */
export class Freezes {
  readonly #cluster: LeaseCluster;
  readonly #namespace: string;

  constructor(cluster: LeaseCluster, namespace: string) {
    this.#cluster = cluster;
    this.#namespace = namespace;
  }

  /** The freeze of a pod; undefined if there is none. */
  async read(podUid: string, signal?: AbortSignal): Promise<StoredFreeze | undefined> {
    const lease = await this.#cluster.read(LEASE, this.#item(podUid), signal);
    return lease === undefined ? undefined : freezeOfLease(lease);
  }

  /** Notes a freeze before it happens; false where the pod has one. */
  async note(freeze: Freeze): Promise<boolean> {
    await ensureNamespace(this.#cluster, this.#namespace);
    const { kind } = await this.#cluster.create(LEASE, leaseOfFreeze(freeze, this.#namespace));
    return kind === 'created';
  }

  /** Says how far the undo is; undefined where the freeze has changed since it was read, or is gone. */
  async mark(stored: StoredFreeze, thawing: Thawing): Promise<StoredFreeze | undefined> {
    const merge = thawingPatch(thawing, stored);
    const item = this.#item(stored.freeze.pod.uid);
    const lease = await unlessChanged(() => this.#cluster.patch(LEASE, item, { merge }));
    return lease === undefined ? undefined : freezeOfLease(lease);
  }

  /** Forgets a freeze, unless it has changed since it was read. */
  async forget({ freeze, uid, resourceVersion }: StoredFreeze): Promise<void> {
    const removal = { uid, resourceVersion, propagation: 'Background' } as const;
    await unlessChanged(() => this.#cluster.remove(LEASE, this.#item(freeze.pod.uid), removal));
  }

  /** All freezes. */
  async *all(signal: AbortSignal): AsyncGenerator<StoredFreeze> {
    const scope = { type: LEASE, namespace: this.#namespace, labelSelector: FREEZE_SELECTOR };
    for await (const page of this.#cluster.listPages(scope, { signal, isMixedAllowed: true })) {
      for (const { object } of page) {
        const stored = freezeOfLease(object);
        if (stored !== undefined) {
          yield stored;
        }
      }
    }
  }

  #item(podUid: string) {
    return { ...LEASE, namespace: this.#namespace, name: freezeLeaseName(podUid) };
  }
}

async function unlessChanged<Result>(write: () => Promise<Result>): Promise<Result | undefined> {
  try {
    return await write();
  } catch (error) {
    if (error instanceof Failure && error.code === 'precondition-failed') {
      return undefined;
    }
    throw error;
  }
}
