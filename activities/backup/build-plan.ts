import pLimit from 'p-limit';

import type { BackupSpec } from '../../domain/backup.ts';
import {
  type CountedType,
  cutShards,
  type ExportPlan,
  type ExportUnit,
  selectedNamespaces,
  SHARD_ITEMS,
  typesToExport,
  unitScopes,
} from '../../domain/export-plan.ts';
import { groupResource, type ResourceType } from '../../domain/item.ts';
import { listNamespaces } from '../kubernetes/namespaces.ts';
import type { Cluster } from '../kubernetes/port.ts';

/** Counting requests that one plan has under way at a time. */
const COUNTS_IN_FLIGHT = 16;

/** Looks at the cluster and says what to list, in shards of about equal cost. */
export async function buildPlan(cluster: Cluster, spec: BackupSpec): Promise<ExportPlan> {
  const limit = pLimit(COUNTS_IN_FLIGHT);
  const [discovery, existing] = await Promise.all([cluster.discover(), listNamespaces(cluster)]);
  const namespaces = selectedNamespaces(spec, existing);
  const counted = await limit.map(typesToExport(spec, discovery.types), async (type) => ({
    type,
    items: await cluster.count({ type, namespace: '' }),
  }));
  const units = await limit.map(
    counted.flatMap((type) => unitScopes(spec, type, namespaces).map((scope) => ({ type, scope }))),
    async ({ type: { type, items }, scope }): Promise<ExportUnit> => {
      const isPart = scope.namespace !== '' && items > SHARD_ITEMS;
      const { namespace } = scope;
      return { type, ...scope, items: isPart ? await cluster.count({ type, namespace }) : items };
    },
  );
  const shards = cutShards(units);
  return {
    shards,
    items: shards.reduce((sum, shard) => sum + shard.items, 0),
    presentTypes: presentTypes(counted),
    failedGroups: discovery.failedGroups,
  };
}

function presentTypes(counted: readonly CountedType[]): string[] {
  return counted.flatMap(({ type, items }: { type: ResourceType; items: number }) =>
    items > 0 ? [groupResource(type)] : [],
  );
}
