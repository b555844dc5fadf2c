import { Failure } from '../domain/failure.ts';
import type { Fields } from '../domain/fields.ts';
import {
  groupResource,
  itemOf,
  type ItemReference,
  type KubernetesObject,
} from '../domain/item.ts';
import { DEFINITION } from '../domain/plugins/plugin-resource.ts';
import { mergePatchTo } from '../domain/restore/json-merge-patch.ts';
import { type Precondition, revisionOf } from '../domain/revision.ts';
import type { Cluster } from './kubernetes/port.ts';
import { ensureNamespace } from './own-namespace.ts';
import { countOwn, isUnserved, type OwnType } from './own-type.ts';

/** How often an object is written that somebody else writes at the same time. */
const TRIES_MAX = 5;

export type OwnCluster = Pick<
  Cluster,
  'count' | 'create' | 'discover' | 'listPages' | 'patch' | 'read' | 'remove'
>;

interface OwnObjectsOptions {
  readonly cluster: OwnCluster;
  /** Holdfast's own namespace. */
  readonly namespace: string;
  readonly own: OwnType;
  /** The most there may be of them: all are read again and again. */
  readonly countMax: number;
}

/** Custom resources of one type of ours, in Holdfast's own namespace. All methods throw what the cluster throws. */
export class OwnObjects {
  readonly #options: OwnObjectsOptions;

  constructor(options: OwnObjectsOptions) {
    this.#options = options;
  }

  /** All of them; none where the cluster does not know the type. */
  async list(): Promise<KubernetesObject[]> {
    const { cluster, namespace, own } = this.#options;
    const objects: KubernetesObject[] = [];
    const { signal } = new AbortController();
    const scope = { type: own.type, namespace };
    try {
      for await (const page of cluster.listPages(scope, { signal, isMixedAllowed: true })) {
        objects.push(...page.map(({ object }) => object));
      }
    } catch (error) {
      if (await isUnserved(cluster, own.type, error)) {
        return [];
      }
      throw error;
    }
    return objects;
  }

  read(name: string): Promise<KubernetesObject | undefined> {
    const { cluster, own } = this.#options;
    return cluster.read(own.type, this.#item(name));
  }

  /** Makes type and namespace where they are missing. Throws `quota-exceeded` where there are too many already. */
  async makeRoom(name: string): Promise<void> {
    const { cluster, namespace, own, countMax } = this.#options;
    const count = await countOwn(cluster, own, namespace);
    if (count >= countMax) {
      const text = `there are ${String(count)} ${groupResource(own.type)}, and may be ${String(countMax)}; delete one`;
      throw new Failure('quota-exceeded', text, { subject: name });
    }
    await ensureNamespace(cluster, namespace);
  }

  /** False where there is one of the name. */
  async create(object: KubernetesObject): Promise<boolean> {
    const { cluster, own } = this.#options;
    return (await cluster.create(own.type, object)).kind === 'created';
  }

  /** Gives one another spec; false where there is none. Throws what the condition does, and `precondition-failed`. */
  replace(name: string, spec: Fields, precondition?: Precondition): Promise<boolean> {
    return this.#change(name, precondition, (live) => this.patchSpec(live, spec));
  }

  /** False where somebody else has changed it meanwhile. */
  async patchSpec(live: KubernetesObject, spec: Fields): Promise<boolean> {
    const { cluster, own } = this.#options;
    const { name, resourceVersion } = live.metadata;
    const merge = { metadata: { resourceVersion }, spec: mergePatchTo(live['spec'], spec) };
    return unlessChanged(
      async () => (await cluster.patch(own.type, this.#item(name), { merge })) !== undefined,
    );
  }

  /** False where there is none. Throws as `replace` does. */
  remove(name: string, precondition?: Precondition): Promise<boolean> {
    const { cluster, own } = this.#options;
    return this.#change(name, precondition, async (live) => {
      const { uid = '', resourceVersion = '' } = live.metadata;
      const removal = { uid, resourceVersion, propagation: 'Background' } as const;
      return unlessChanged(async () => {
        await cluster.remove(own.type, this.#item(name), removal);
        return true;
      });
    });
  }

  /** Looks at one and writes, until nobody else has changed it in between. */
  async #change(
    name: string,
    precondition: Precondition | undefined,
    write: (live: KubernetesObject) => Promise<boolean>,
  ): Promise<boolean> {
    for (let tries = 1; tries <= TRIES_MAX; tries++) {
      const live = await this.read(name);
      if (live === undefined) {
        return false;
      }
      precondition?.(revisionOf(live.metadata));
      if (await write(live)) {
        return true;
      }
    }
    const { kind } = this.#options.own.type;
    const text = `the ${kind} ${name} is changed again and again by somebody else; try again`;
    throw new Failure('precondition-failed', text, { subject: name });
  }

  /** Changes fields of the status; what is null goes. False where there is no such object, or its type has no status. */
  async patchStatus(name: string, status: Fields): Promise<boolean> {
    const { cluster, own } = this.#options;
    const change = { merge: { status }, subresource: 'status' } as const;
    return (await cluster.patch(own.type, this.#item(name), change)) !== undefined;
  }

  /** Brings the definition of the type, which an earlier Holdfast may have made, up to this version. */
  async renewType(): Promise<void> {
    const { cluster, own } = this.#options;
    const { spec } = own.definition;
    await cluster.patch(DEFINITION, itemOf(DEFINITION, own.definition), { merge: { spec } });
  }

  #item(name: string): ItemReference {
    const { namespace, own } = this.#options;
    const { group, resource } = own.type;
    return { group, resource, namespace, name };
  }
}

/** False where the object that a write is bound to has changed. */
async function unlessChanged(write: () => Promise<boolean>): Promise<boolean> {
  try {
    return await write();
  } catch (error) {
    if (error instanceof Failure && error.code === 'precondition-failed') {
      return false;
    }
    throw error;
  }
}
