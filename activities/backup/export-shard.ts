import { randomBytes } from 'node:crypto';

import { Context } from '@temporalio/activity';

import { Failure } from '../../domain/failure.ts';
import { backupFolder } from '../../domain/object-key.ts';
import { writeShard } from '../../storage/format/shard.ts';
import type { ExportShardInput, ExportShardResult } from '../contract.ts';
import type { Dependencies } from '../dependencies.ts';
import { withHeartbeat } from '../heartbeat.ts';
import { exportPages } from './export-pages.ts';
import { readPlan } from './plan-backup.ts';
import { ProblemList } from './problem-list.ts';

/** From this attempt on a listing that expires goes on with what the server has then. */
export const MIXED_LISTING_ATTEMPT = 3;
const ATTEMPT_BYTES = 6;

/** See `ClusterActivities.exportShard`. */
export function exportShard(
  deps: Dependencies,
  input: ExportShardInput,
): Promise<ExportShardResult> {
  return withHeartbeat(async ({ signal, report }) => {
    const { shard, runUid } = input;
    const plan = await readPlan(deps, input);
    const units = plan.shards[shard]?.units;
    if (units === undefined) {
      throw new Failure('internal', `the plan has no shard ${String(shard)}`);
    }
    const attempt = randomBytes(ATTEMPT_BYTES).toString('hex');
    const problems = new ProblemList();
    const isMixedAllowed = Context.current().info.attempt >= MIXED_LISTING_ATTEMPT;
    const written = await writeShard(deps.store(input.location), {
      runFolder: backupFolder(input.name),
      attempt: { runUid, shard, attempt },
      pages: exportPages(deps.cluster, { plan, units, signal, isMixedAllowed, problems }),
      onProgress: (itemsDone, bytesDone) => {
        report({ itemsDone, bytesDone });
      },
      signal,
    });
    return { written: { shard, attempt, ...written }, problems: problems.all() };
  });
}
