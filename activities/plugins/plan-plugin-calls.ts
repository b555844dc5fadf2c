import { NoteTaker } from '../../domain/backup-notes.ts';
import type { IndexLine } from '../../domain/backup-index.ts';
import type { ExportPlan, ExportUnit } from '../../domain/export-plan.ts';
import { runFolder } from '../../domain/object-key.ts';
import { ROUNDS_MAX } from '../../domain/plugins/contract-v1.ts';
import type { RunAction } from '../../domain/plugins/plugin-action.ts';
import { maySelectType } from '../../domain/plugins/plugin-selector.ts';
import { isBareNamespace } from '../../domain/restore/restore-plan.ts';
import { targetItem } from '../../domain/restore/target-item.ts';
import type { RestoreSpec } from '../../domain/restore.ts';
import type { ArchiveItem } from '../../storage/format/member-encoder.ts';
import { exportPages } from '../backup/export-pages.ts';
import { isPatient, readPlan } from '../backup/plan-backup.ts';
import { ProblemList } from '../backup/problem-list.ts';
import { relatedPages } from '../backup/related-pages.ts';
import type { Dependencies } from '../dependencies.ts';
import { type LongWork, withHeartbeat } from '../heartbeat.ts';
import type { PlanPluginCallsInput, PluginRound } from '../plugin-run-contract.ts';
import { readRestorePlan } from '../restore/restore-run.ts';
import { addedPages } from './added-items.ts';
import { linesOf } from './added-shards.ts';
import { CallWriter, type SeenItem } from './call-writer.ts';
import { ensureReplyKey } from './reply-key.ts';
import { restoreAdditions } from './restore-additions.ts';
import { actionsOf } from './run-plugins.ts';

/** Types that a round names. */
const PROBLEMS_MAX = 10;

/** See `PluginRunActivities.planPluginCalls`. */
export function planPluginCalls(
  deps: Dependencies,
  input: PlanPluginCallsInput,
): Promise<PluginRound> {
  return withHeartbeat(async (long) => {
    const store = deps.store(input.location);
    const actions = await actionsOf(deps, input);
    await ensureReplyKey(store, runFolder(input), input.runUid);
    const problems = new ProblemList({ isPatient: isPatient() });
    const writer = new CallWriter(store, input, actions);
    const isLater = input.rounds.length > 0;
    const additions =
      isLater && input.kind === 'Restore' ? await restoreAdditions(deps, input, long) : undefined;
    const pages =
      input.kind === 'Backup'
        ? backedUpPages(deps, { input, actions, problems }, long)
        : restoredPages(deps, input, { signal: long.signal, fresh: additions?.fresh });
    let itemsDone = 0;
    for await (const page of pages) {
      for (const item of page) {
        await writer.see(item);
      }
      itemsDone += page.length;
      long.report({ itemsDone, bytesDone: 0 });
    }
    const round = await writer.end();
    const { errors } = problems.all();
    return {
      ...round,
      ...(additions === undefined ? {} : { added: additions.added }),
      ...(errors.length === 0 ? {} : { problems: errors.slice(0, PROBLEMS_MAX) }),
    };
  });
}

interface Asked {
  readonly input: PlanPluginCallsInput;
  readonly actions: readonly RunAction[];
  /** Types that could not be listed. */
  readonly problems: ProblemList;
}

/** What a backup takes, or, after the first round, what plugins added to it. */
async function* backedUpPages(
  deps: Dependencies,
  { input, actions, problems }: Asked,
  long: LongWork,
): AsyncGenerator<readonly SeenItem[]> {
  const plan = await readPlan(deps, input);
  const pages =
    input.rounds.length === 0
      ? takenPages(deps, { plan, actions, problems }, long)
      : addedPages(deps, { run: input, plan, problems }, long.signal);
  for await (const page of pages) {
    yield page.flatMap(seenItem);
  }
}

/** Another version is the same object. */
function seenItem({ type, object, isOtherVersion }: ArchiveItem): SeenItem[] {
  const { name, namespace = '', uid, labels } = object.metadata;
  const { group, resource, version } = type;
  const item = { group, resource, version, namespace, name, uid };
  return isOtherVersion === true ? [] : [{ ...item, ...(labels === undefined ? {} : { labels }) }];
}

interface Taken {
  readonly plan: ExportPlan;
  readonly actions: readonly RunAction[];
  /** Types that could not be listed. */
  readonly problems: ProblemList;
}

/**
 * What the backup takes, of the types that an action may see, by the listings that the export makes. Where one may see what
 * is taken because others refer to it, everything is listed.
 */
async function* takenPages(
  { cluster }: Pick<Dependencies, 'cluster'>,
  { plan: { shards, selection }, actions, problems }: Taken,
  { signal }: LongWork,
): AsyncGenerator<readonly ArchiveItem[]> {
  const isSeen = ({ type }: Pick<ExportUnit, 'type'>): boolean =>
    actions.some(({ selector }) => maySelectType(selector, type));
  const isAllListed = selection.related.some(isSeen);
  const notes = new NoteTaker(selection.related.map(({ name }) => name));
  const source = { selection, signal, isMixedAllowed: !isPatient(), problems, notes };
  const units = shards.flatMap((shard) => shard.units);
  yield* exportPages(cluster, {
    ...source,
    units: isAllListed ? units : units.filter(isSeen),
  });
  if (isAllListed) {
    yield* relatedPages(cluster, source);
  }
}

interface RestoredSource {
  readonly signal: AbortSignal;
  /** What plugins added and none was asked about. */
  readonly fresh: readonly IndexLine[] | undefined;
}

/** What some shards of a restore apply, or, after the first round, what plugins added to it. */
async function* restoredPages(
  deps: Dependencies,
  { rounds, shards, ...run }: PlanPluginCallsInput,
  { signal, fresh = [] }: RestoredSource,
): AsyncGenerator<readonly SeenItem[]> {
  const store = deps.store(run.location);
  const { spec } = await readRestorePlan(store, run);
  const seen = (lines: readonly IndexLine[]): SeenItem[] =>
    lines.filter((line) => !isBareNamespace(line)).map((line) => restoredItem(line, spec));
  if (rounds.length > 0) {
    // The last answers may add something that nobody is asked about.
    yield rounds.length < ROUNDS_MAX ? seen(fresh) : [];
    return;
  }
  for await (const lines of linesOf(store, run, {
    parts: shards === undefined ? [] : [shards],
    signal,
  })) {
    yield seen(lines);
  }
}

function restoredItem(line: IndexLine, spec: RestoreSpec): SeenItem {
  const { group, version, resource, namespace, name, uid, labels } = line;
  const target = targetItem(line, spec);
  const isElsewhere = target.namespace !== namespace || target.name !== name;
  return {
    ...{ group, version, resource, namespace, name, uid, line },
    ...(labels === undefined ? {} : { labels }),
    ...(isElsewhere ? { target: { namespace: target.namespace, name: target.name } } : {}),
  };
}
