import { apiVersionOf } from '../../domain/item.ts';
import { restoreFolder, shardOutcomesKey } from '../../domain/object-key.ts';
import type { RestoreOutcome } from '../../domain/restore-outcome.ts';
import { CLAIM_VERSION, type StoredRestore } from '../../domain/stored-run.ts';
import { commitRestore, type VeleroResults } from '../../storage/format/record.ts';
import { readJsonGz } from '../../storage/json-file.ts';
import type { FinishRestoreInput } from '../contract.ts';
import type { Dependencies } from '../dependencies.ts';

/** See `ClusterActivities.finishRestore`. */
export async function finishRestore(deps: Dependencies, input: FinishRestoreInput): Promise<void> {
  const { location, name, runUid, spec, specDigest, cluster, result } = input;
  const store = deps.store(location);
  const resourceList: Record<string, string[]> = {};
  const results: VeleroResults = { warnings: {}, errors: {} };
  for (const { shard, attempt } of input.shards) {
    const key = shardOutcomesKey(restoreFolder(name), { runUid, shard, attempt });
    // The object under this key was written by `applyShards` of the same run.
    for (const outcome of (await readJsonGz(store, key)) as RestoreOutcome[]) {
      addToList(resourceList, outcome);
      addToResults(results, outcome);
    }
  }
  const stored: StoredRestore = {
    version: CLAIM_VERSION,
    kind: 'Restore',
    name,
    runUid,
    spec,
    specDigest,
    startTimestamp: result.startTimestamp,
    cluster,
    result,
  };
  await commitRestore(store, { stored, results, resourceList });
}

/** Velero's list: `{"v1/ConfigMap": ["shop/settings(created)"]}`. */
function addToList(resourceList: Record<string, string[]>, outcome: RestoreOutcome): void {
  const type = `${apiVersionOf(outcome)}/${outcome.kind}`;
  (resourceList[type] ??= []).push(`${place(outcome)}(${outcome.verb})`);
}

function addToResults(results: VeleroResults, outcome: RestoreOutcome): void {
  const { verb, reason, namespace } = outcome;
  if (reason === undefined || (verb !== 'failed' && verb !== 'skipped')) {
    return;
  }
  const side = verb === 'failed' ? results.errors : results.warnings;
  const text = `${outcome.kind} ${place(outcome)}: ${reason}`;
  if (namespace === '') {
    (side.cluster ??= []).push(text);
  } else {
    ((side.namespaces ??= {})[namespace] ??= []).push(text);
  }
}

function place({ namespace, name }: RestoreOutcome): string {
  return namespace === '' ? name : `${namespace}/${name}`;
}
