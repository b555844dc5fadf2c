import type { IndexLine } from '../../domain/backup-index.ts';
import type { FailureReport } from '../../domain/failure.ts';
import { groupResource, itemText } from '../../domain/item.ts';
import { pluginAddedKey, restoreFolder } from '../../domain/object-key.ts';
import { actionText } from '../../domain/plugins/plugin-action.ts';
import { firstAddedShardOf } from '../../domain/restore/restore-plan.ts';
import { CLAIMS } from '../../domain/selection/related-items.ts';
import { mayHaveData } from '../../domain/volumes/restored-volumes.ts';
import { readJsonGz, writeJsonGz } from '../../storage/json-file.ts';
import type { ObjectStore } from '../../storage/object-store/port.ts';
import { newAttempt } from '../attempt.ts';
import type { RestoreRun } from '../contract.ts';
import type { Dependencies } from '../dependencies.ts';
import type { LongWork } from '../heartbeat.ts';
import type {
  AddedShards,
  AskedShards,
  PlanPluginCallsInput,
  PluginRound,
} from '../plugin-run-contract.ts';
import { readOpenRules, readRestorePlan } from '../restore/restore-run.ts';
import { selectLines } from '../restore/select-lines.ts';
import { type IndexSurvey, surveyIndex } from '../restore/survey-index.ts';
import type { IndexSource } from '../restore/survey-types.ts';
import { addedInVain, addedTooLate, type AskedFor, isMappedOnto } from './added-in-vain.ts';
import { heldAmong, linesOf, type PlacedLine, shardsOfPlan, writeShards } from './added-shards.ts';
import { allAnswers } from './plugin-answers.ts';

/** What is to be known of items that plugins added, beside their lines. */
interface AddedNotes {
  readonly warnings: readonly FailureReport[];
  /** Of the plan of a restore, for these items. */
  readonly keptVolumes: readonly string[];
  readonly aggregated: readonly string[];
}

/** Items that plugins added. */
interface Additions {
  readonly added: AddedShards;
  /** Those that no plugin was asked about. */
  readonly fresh: readonly IndexLine[];
}

/**
 * Stores as shards what the answers of the rounds so far add to a restore and it has not already, with what belongs to
 * that; each time all of it, so that the last round has it in its order. Undefined where the last answers add nothing.
 */
export async function restoreAdditions(
  deps: Dependencies,
  input: PlanPluginCallsInput,
  long: LongWork,
): Promise<Additions | undefined> {
  const { signal } = long;
  const store = deps.store(input.location);
  const { rounds, shards: next = { planAttempt: '', shards: [] } } = input;
  if ((await askedFor(store, input, rounds.slice(-1))).size === 0) {
    return undefined;
  }
  const parts = [await shardsOfPlan(store, input, next.planAttempt), ...(next.added ?? [])];
  const without = async <Value>(items: ReadonlyMap<string, Value>): Promise<Map<string, Value>> => {
    const held = await heldAmong(linesOf(store, input, { parts, signal }), new Set(items.keys()));
    return new Map([...items].filter(([text]) => !held.has(text)));
  };
  const asked = await without(await askedFor(store, input, rounds));
  if (asked.size === 0) {
    return undefined;
  }
  const source = await sourceOf(deps, input, { asked, signal });
  const survey = await surveyIndex(source);
  const { selected, keptVolumes } = await select({ ...source, survey, long });
  const open = await without(selected);
  const late = next.isAfterClaims === true ? withData(open, survey) : [];
  for (const line of late) {
    open.delete(itemText(line));
  }
  const missed = new Map([...asked].filter(([text]) => !selected.has(text)));
  const lines = [...open.values()];
  const attempt = newAttempt();
  const first = firstAddedShardOf(next.shards[0] ?? 0);
  const written = await writeShards(store, input, { attempt, first, lines, signal });
  const notes: AddedNotes = {
    warnings: [...addedTooLate(late, asked), ...(await addedInVain(source, survey.filter, missed))],
    ...{ keptVolumes, aggregated: survey.aggregated },
  };
  await writeJsonGz(store, notesKey(input, attempt), notes);
  const before = rounds.findLast(({ added }) => added !== undefined)?.added;
  const shown = await heldAmong(
    linesOf(store, input, { parts: before === undefined ? [] : [before], signal }),
    new Set(open.keys()),
  );
  return {
    added: {
      ...{ planAttempt: attempt, items: lines.length, shards: written.map(({ shard }) => shard) },
      ...claimsFirst(written, survey, next),
    },
    fresh: lines.flatMap(({ line }) => (shown.has(itemText(line)) ? [] : [line])),
  };
}

/** What the answers of some rounds ask for. */
async function askedFor(
  store: ObjectStore,
  run: RestoreRun,
  rounds: readonly PluginRound[],
): Promise<AskedFor> {
  const asked = new Map<string, string>();
  const source = { store, rounds, run: { ...run, kind: 'Restore' as const } };
  for await (const { items, ...call } of allAnswers(source)) {
    for (const item of items.flatMap(({ additionalItems = [] }) => additionalItems)) {
      asked.set(itemText(item), actionText(call));
    }
  }
  return asked;
}

async function sourceOf(
  { cluster, namespace, store: storeOf }: Dependencies,
  run: RestoreRun,
  { asked, signal }: { readonly asked: AskedFor; readonly signal: AbortSignal },
): Promise<IndexSource> {
  const store = storeOf(run.location);
  const { spec } = await readRestorePlan(store, run);
  return {
    ...{ cluster, namespace, store, spec, location: run.location, signal },
    configured: await readOpenRules(store, run),
    added: { has: (item) => asked.has(itemText(item)) && !isMappedOnto(spec, item) },
  };
}

interface Selected {
  readonly selected: ReadonlyMap<string, PlacedLine>;
  readonly keptVolumes: readonly string[];
}

/** The added items, and what belongs to them. */
async function select({
  long,
  ...source
}: IndexSource & { readonly survey: IndexSurvey; readonly long: LongWork }): Promise<Selected> {
  const selected = new Map<string, PlacedLine>();
  const onRead = (itemsDone: number): void => {
    long.report({ itemsDone, bytesDone: 0 });
  };
  const { keptVolumes } = await selectLines({ ...source, onRead }, (line, wave) => {
    selected.set(itemText(line), { line, wave });
    return Promise.resolve();
  });
  return { selected, keptVolumes };
}

/** Pods, and what may make pods, come after the data of the claims that they mount. */
function claimsFirst(
  written: readonly { readonly shard: number; readonly wave: number }[],
  { volumes, waves }: IndexSurvey,
  { isAfterClaims }: AskedShards,
): Pick<AddedShards, 'claimsFirst'> {
  const first = written.find(({ wave }) => wave >= waves.afterClaims);
  return first === undefined || isAfterClaims === true || volumes.claims.length === 0
    ? {}
    : { claimsFirst: first.shard };
}

/** The claims of which the backup has the data. */
function withData(
  lines: ReadonlyMap<string, PlacedLine>,
  { volumes }: IndexSurvey,
): readonly IndexLine[] {
  const copied = { claims: new Set(volumes.claims), gates: {} };
  return [...lines.values()].flatMap(({ line }) =>
    groupResource(line) === CLAIMS && mayHaveData(line, copied) ? [line] : [],
  );
}

function notesKey({ name, runUid }: RestoreRun, attempt: string): string {
  return pluginAddedKey(restoreFolder(name), { runUid, attempt });
}

/** What is to be known of all that plugins added to a restore. */
export async function readAdditions(
  store: ObjectStore,
  run: RestoreRun,
  rounds: readonly PluginRound[],
): Promise<readonly AddedNotes[]> {
  const attempts = rounds.flatMap(({ added }) => (added === undefined ? [] : [added.planAttempt]));
  const notes = attempts.map((attempt) => readJsonGz(store, notesKey(run, attempt)));
  // The objects under these keys were written by `planPluginCalls` of the same run.
  return (await Promise.all(notes)) as readonly AddedNotes[];
}
