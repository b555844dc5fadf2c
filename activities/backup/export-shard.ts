import { addNotes, type BackupNotes, NoteTaker } from '../../domain/backup-notes.ts';
import { countProblems } from '../../domain/backup.ts';
import type { ExportPlan } from '../../domain/export-plan.ts';
import { Failure } from '../../domain/failure.ts';
import { backupFolder, type ShardAttempt, shardNotesKey } from '../../domain/object-key.ts';
import type { ArchiveItem } from '../../storage/format/member-encoder.ts';
import { writeShard } from '../../storage/format/shard.ts';
import { readJsonGz, writeJsonGz } from '../../storage/json-file.ts';
import { newAttempt } from '../attempt.ts';
import type {
  AskedPlugins,
  BackupRun,
  ExportRelatedInput,
  ExportShardInput,
  ShardReference,
  WrittenShard,
} from '../contract.ts';
import type { Dependencies } from '../dependencies.ts';
import { type LongWork, withHeartbeat } from '../heartbeat.ts';
import { exportAdded } from '../plugins/export-added.ts';
import { readActions } from '../plugins/read-actions.ts';
import { exportPages, type PageSource } from './export-pages.ts';
import { isPatient, readPlan } from './plan-backup.ts';
import { ProblemList } from './problem-list.ts';
import { relatedPages } from './related-pages.ts';

/** See `ClusterActivities.exportShard`. */
export function exportShard(deps: Dependencies, input: ExportShardInput): Promise<WrittenShard> {
  return withHeartbeat(async (long) => {
    const plan = await readPlan(deps, input);
    const { shard } = input;
    const units = plan.shards[shard]?.units;
    if (units === undefined) {
      throw new Failure('internal', `the plan has no shard ${String(shard)}`);
    }
    const part = await openActed(deps, input, { plan, long });
    const pages = exportPages(deps.cluster, { ...part, units });
    return writePart(deps, { run: input, shard, part, pages }, long);
  });
}

/** See `ClusterActivities.exportRelated`. */
export function exportRelated(
  deps: Dependencies,
  input: ExportRelatedInput,
): Promise<WrittenShard> {
  return withHeartbeat(async (long) => {
    const plan = await readPlan(deps, input);
    const part = await openActed(deps, input, { plan, long });
    const { related } = await readNotes(deps, input);
    part.notes.related.add(related);
    const pages = relatedAndAdded(deps, input, { plan, part });
    return writePart(deps, { run: input, shard: plan.shards.length, part, pages }, long);
  });
}

/** What the shards of a run noted, together. */
export async function readNotes(
  deps: Dependencies,
  { location, name, runUid, shards }: BackupRun & { readonly shards: readonly ShardReference[] },
): Promise<BackupNotes> {
  const store = deps.store(location);
  const parts: BackupNotes[] = [];
  // One after the other: together they may be large, and each is mostly small.
  for (const { shard, attempt } of shards) {
    const key = shardNotesKey(backupFolder(name), { runUid, shard, attempt });
    // The object under this key was written by `writePart` of the same run.
    parts.push((await readJsonGz(store, key)) as BackupNotes);
  }
  return addNotes(parts);
}

/** Everything but the units that a part of an export works with. */
export function openPart(
  { selection }: ExportPlan,
  { signal }: Pick<LongWork, 'signal'>,
): Omit<PageSource, 'units'> {
  return {
    selection,
    signal,
    isMixedAllowed: !isPatient(),
    problems: new ProblemList({ isPatient: isPatient() }),
    notes: new NoteTaker(selection.related.map(({ name }) => name)),
  };
}

/** The same, with what plugins said of the objects. */
async function openActed(
  deps: Dependencies,
  input: BackupRun & AskedPlugins,
  { plan, long }: { readonly plan: ExportPlan; readonly long: LongWork },
): Promise<Omit<PageSource, 'units'>> {
  const part = openPart(plan, long);
  const actions = await readActions(deps, input, { plan, problems: part.problems });
  return actions === undefined ? part : { ...part, actions };
}

/** What plugins added to the objects, and then what all of them refer to. */
async function* relatedAndAdded(
  deps: Dependencies,
  input: ExportRelatedInput,
  { plan, part }: { readonly plan: ExportPlan; readonly part: Omit<PageSource, 'units'> },
): AsyncGenerator<readonly ArchiveItem[]> {
  const { plugins } = input;
  const met = new Set<string>();
  if (plugins !== undefined) {
    yield* exportAdded(deps, { run: input, rounds: plugins, plan, met }, part);
  }
  yield* relatedPages(deps.cluster, { ...part, met });
}

interface Part {
  readonly run: BackupRun;
  readonly shard: number;
  readonly part: Omit<PageSource, 'units'>;
  readonly pages: AsyncIterable<readonly ArchiveItem[]>;
}

async function writePart(
  deps: Dependencies,
  { run, shard, part, pages }: Part,
  { signal, report }: LongWork,
): Promise<WrittenShard> {
  const { runUid, name, location } = run;
  const store = deps.store(location);
  const runFolder = backupFolder(name);
  const attempt: ShardAttempt = {
    runUid,
    shard,
    attempt: newAttempt(),
  };
  const written = await writeShard(store, {
    ...{ runFolder, attempt, pages, signal },
    onProgress: (itemsDone, bytesDone) => {
      report({ itemsDone, bytesDone });
    },
  });
  const { notes, problems, actions } = part;
  actions?.tellLate();
  const told = problems.all();
  await writeJsonGz(store, shardNotesKey(runFolder, attempt), notes.notes(told));
  const { errors } = countProblems(told);
  return { shard, attempt: attempt.attempt, ...written, ...(errors === 0 ? {} : { errors }) };
}
