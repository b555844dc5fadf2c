import pLimit from 'p-limit';

import type { BackupProblems, BackupSpec } from '../../domain/backup.ts';
import {
  type CountedType,
  countScopes,
  cutShards,
  type ExportPlan,
  type ExportUnit,
  selectedNamespaces,
  SHARD_ITEMS,
  typesToExport,
  unitScopes,
} from '../../domain/export-plan.ts';
import type { FailureReport } from '../../domain/failure.ts';
import { groupResource } from '../../domain/item.ts';
import { listNamespaces } from '../kubernetes/namespaces.ts';
import type { Cluster, ListScope } from '../kubernetes/port.ts';
import { ProblemList } from './problem-list.ts';

/** Counting requests that one plan has under way at a time. */
const COUNTS_IN_FLIGHT = 16;

export interface BuiltPlan {
  readonly plan: ExportPlan;
  readonly problems: BackupProblems;
}

/** Looks at the cluster and says what to list, in shards of about equal cost, and what cannot be listed. */
export async function buildPlan(
  cluster: Cluster,
  spec: BackupSpec,
  signal: AbortSignal,
): Promise<BuiltPlan> {
  const limit = pLimit(COUNTS_IN_FLIGHT);
  const [discovery, existing] = await Promise.all([
    cluster.discover(),
    listNamespaces(cluster, signal),
  ]);
  const namespaces = selectedNamespaces(spec, existing);
  const problems = new ProblemList();
  for (const group of discovery.failedGroups) {
    problems.error(unavailable(group));
  }
  const count = (scope: ListScope): Promise<number> =>
    limit(() => problems.orTell(scope.type, 0, () => cluster.count(scope, signal)));
  const counted = await Promise.all(
    typesToExport(spec, discovery.types).map(async (type): Promise<CountedType> => {
      const scopes = countScopes(spec, type, namespaces);
      const items = await Promise.all(
        scopes.map(async (namespace) => [namespace, await count({ type, namespace })] as const),
      );
      return { type, items: new Map(items) };
    }),
  );
  const units = await Promise.all(
    counted.flatMap((one) =>
      unitScopes(spec, one, namespaces).map(async (scope): Promise<ExportUnit> => {
        const { type } = one;
        const { namespace } = scope;
        const whole = one.items.get('') ?? 0;
        const isPart = namespace !== '' && whole > SHARD_ITEMS;
        const items = isPart ? await count({ type, namespace }) : whole;
        return { type, ...scope, items: one.items.get(namespace) ?? items };
      }),
    ),
  );
  const shards = cutShards(units);
  const plan: ExportPlan = {
    shards,
    items: shards.reduce((sum, shard) => sum + shard.items, 0),
    namespaces,
    presentTypes: counted.flatMap(({ type, items }) =>
      [...items.values()].some((number) => number > 0) ? [groupResource(type)] : [],
    ),
  };
  return { plan, problems: problems.all() };
}

function unavailable(group: string): FailureReport {
  const message = `${group} is registered and does not answer; nothing of it is in the backup`;
  return { code: 'cluster-failed', message, subject: group };
}
