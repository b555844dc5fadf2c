import type { IndexLine } from '../../domain/backup-index.ts';
import { isCustom } from '../../domain/built-in-groups.ts';
import { Failure, type FailureReport } from '../../domain/failure.ts';
import type { OwnerNode } from '../../domain/restore/owner-order.ts';
import { restoreOrder } from '../../domain/restore/restore-order.ts';
import type { RestoreFilter } from '../../domain/restore/restore-selection.ts';
import type { RestoreRules } from '../../domain/restore/restore-rules.ts';
import { isWanted } from '../../domain/restore/type-survey.ts';
import { VersionFilter } from '../../domain/restore/version-filter.ts';
import { ownerNode, WavePlan } from '../../domain/restore/wave-plan.ts';
import { type CopiedVolumes, copiedVolumes } from '../../domain/volumes/restored-volumes.ts';
import { readCopyRecords } from '../volumes/copy-records.ts';
import { eachLine, type IndexSource, surveyTypes } from './survey-types.ts';

/** What decides about the items of a backup before each of them is looked at. */
export interface IndexSurvey {
  readonly filter: RestoreFilter;
  readonly rules: RestoreRules;
  readonly versions: VersionFilter;
  /** See `ServedAnswer`. */
  readonly aggregated: readonly string[];
  readonly waves: WavePlan;
  readonly volumes: CopiedVolumes;
}

/**
 * Reads a backup's index for what the plan has to know before its first item: for the types, and once more if
 * custom resources have owners or a type is restored in another version than the preferred one. Holds no item but
 * the owners. Throws what the open step refuses, which does not look when the index is large.
 */
export async function surveyIndex(source: IndexSource): Promise<IndexSurvey> {
  const answer = await surveyTypes(source);
  if ('refusal' in answer) {
    throw refusing(answer.refusal);
  }
  const { filter, survey, rules, aggregated } = answer;
  const versions = new VersionFilter(survey.types, answer.versions);
  const order = restoreOrder(source.spec.restoreResourcePriorities);
  const owners: OwnerNode[] = [];
  if (survey.ownerUids.size > 0 || versions.mustSee) {
    await eachLine(source, (line) => {
      versions.see(line);
      if (isOwner(line, survey.ownerUids) && isWanted(filter, line)) {
        owners.push(ownerNode(order, line));
      }
    });
  }
  const volumes = copiedVolumes(await readCopyRecords(source.store, source.spec.backupName));
  return { filter, rules, versions, aggregated, waves: new WavePlan(order, owners), volumes };
}

function isOwner(line: IndexLine, uids: ReadonlySet<string>): boolean {
  return uids.has(line.uid) && line.isOtherVersion !== true && isCustom(line);
}

function refusing({ code, message, ...options }: FailureReport): Failure {
  return new Failure(code, message, options);
}
