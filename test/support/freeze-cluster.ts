import type { Cluster, ExecEnd, ExecTarget } from '../../activities/kubernetes/port.ts';
import { Failure } from '../../domain/failure.ts';
import type { HookPod } from '../../domain/hooks/freeze.ts';
import { isMapping } from '../../domain/fields.ts';
import { groupResource, type KubernetesObject } from '../../domain/item.ts';
import { memoryCluster, type HeldObject } from './memory-cluster.ts';

/** What a command gives that ends as it should. */
export const EXITED = {
  ...({ kind: 'exited', exitCode: 0 } as const),
  ...{ stdout: '', stderr: '', dropped: 0, durationMs: 1 },
};

type FreezeCluster = Pick<Cluster, 'create' | 'exec' | 'listPages' | 'patch' | 'read' | 'remove'>;

/**
 * A cluster in memory with pods, in which objects are made, changed and deleted as the API server does by their resource
 * versions, and commands end as the test says.
 */
export function freezeCluster(
  pods: readonly HookPod[],
  run: (target: ExecTarget) => Promise<ExecEnd> | ExecEnd = () => EXITED,
): {
  readonly cluster: FreezeCluster;
  readonly held: HeldObject[];
  /** The commands that were run, in their order: `db: fsfreeze -u`. */
  readonly ran: string[];
} {
  const held: HeldObject[] = pods.map((pod) => ({ type: 'pods', object: podOf(pod) }));
  const ran: string[] = [];
  let version = 1;
  const placeOf = (type: string, name: string): number =>
    held.findIndex((one) => one.type === type && one.object.metadata.name === name);
  const found = (type: string, name: string, expected: unknown): KubernetesObject | undefined => {
    const object = held[placeOf(type, name)]?.object;
    if (object !== undefined && expected !== object.metadata.resourceVersion) {
      throw new Failure('precondition-failed', 'it has changed');
    }
    return object;
  };
  const cluster: FreezeCluster = {
    ...memoryCluster([], held),
    create: (type, object) => {
      const { name } = object.metadata;
      if (placeOf(groupResource(type), name) >= 0) {
        return Promise.resolve({ kind: 'exists' });
      }
      version += 1;
      const uid = `${name}-${String(version)}`;
      const metadata = { uid, ...object.metadata, resourceVersion: String(version) };
      held.push({ type: groupResource(type), object: { ...object, metadata } });
      return Promise.resolve({ kind: 'created' });
    },
    patch: async (type, { name }, { merge }) => {
      await Promise.resolve();
      const change = isMapping(merge['metadata']) ? merge['metadata'] : {};
      const object = found(groupResource(type), name, change['resourceVersion']);
      if (object === undefined) {
        return undefined;
      }
      version += 1;
      // The cast: of metadata a test changes annotations alone.
      const annotations = change['annotations'] as Record<string, string>;
      const metadata = {
        ...object.metadata,
        annotations: { ...object.metadata.annotations, ...annotations },
        resourceVersion: String(version),
      };
      const changed = { ...object, metadata };
      held[placeOf(groupResource(type), name)] = { type: groupResource(type), object: changed };
      return changed;
    },
    remove: async (type, { name }, { resourceVersion }) => {
      await Promise.resolve();
      if (found(groupResource(type), name, resourceVersion) !== undefined) {
        held.splice(placeOf(groupResource(type), name), 1);
      }
    },
    exec: async (target) => {
      ran.push(`${target.container}: ${target.command.join(' ')}`);
      return run(target);
    },
  };
  return { cluster, held, ran };
}

function podOf({ namespace, name, uid }: HookPod): KubernetesObject {
  return {
    ...{ apiVersion: 'v1', kind: 'Pod', metadata: { namespace, name, uid } },
    status: { phase: 'Running' },
  };
}
