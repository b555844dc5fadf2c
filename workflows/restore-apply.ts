import type {
  AppliedShard,
  AskedPlugins,
  PlanRestoreResult,
  RestoreRun,
  RestoreWave,
} from '../activities/contract.ts';
import type {
  AddedShards,
  PlannedOperations,
  PlannedShards,
  PluginRound,
} from '../activities/plugin-run-contract.ts';
import type { FailureReport } from '../domain/failure.ts';
import type { Activities } from './activity-profiles.ts';
import type { RestoreInput } from './contract.ts';
import { inPool } from './pool.ts';
import type { RunTracker } from './run-tracker.ts';
import { askPlugins, awaitOperations, type BegunOperations, pluginsOf } from './run-plugins.ts';
import { moveBatches } from './start-volumes.ts';

/** Shards of one wave that are applied at the same time. */
const SHARDS_IN_FLIGHT = 2;
/** Waves that together have no more items than this are applied by one activity, one after the other. */
const SMALL_WAVES_ITEMS_MAX = 500;

/** What has ended so far, so that a run that fails or is cancelled can tell it. */
export interface Progress {
  readonly applied: AppliedShard[];
  /** Batches of volumes whose data was to be written. */
  volumeBatches: number;
  relinkAttempt?: string;
  /** Whether pods may wait for data of volumes of their own. */
  hasGates?: boolean;
  /** Pods whose hooks were to be run. */
  hooks?: { readonly batches: number; failure?: FailureReport };
  /** What plugins added, and comes after the data of claims. */
  addedLater?: AddedShards[];
  /** What plugins were asked; left out when none was. */
  plugins?: AskedSoFar;
}

/** What plugins were asked before the waves that are applied, and what they began. */
interface AskedSoFar extends BegunOperations {
  readonly voids: number;
  /** Plugins that were waited for in vain. */
  readonly away?: readonly string[];
  /** The operations that were waited for. */
  planned?: PlannedOperations;
  /** What may go on though nobody waits for it. */
  notCancelled?: readonly FailureReport[];
}

export interface Apply {
  readonly activities: Activities;
  readonly tracker: RunTracker;
  readonly progress: Progress;
}

/** Plans a restore and applies it, wave by wave; the data of volumes where it belongs between them. */
export async function applyBackup(
  input: RestoreInput,
  run: RestoreRun,
  apply: Apply,
): Promise<void> {
  const { activities, tracker, progress } = apply;
  tracker.enter('plan', 'InProgress', 'ordering the items of the backup');
  const plan = await activities.long('Order the items into waves').planRestore(run);
  tracker.plan(plan.items);
  progress.hasGates = plan.hasPodVolumes === true;
  const { claimsFirst = Number.POSITIVE_INFINITY } = plan;
  const [before, after] = [
    plan.waves.filter(({ firstShard }) => firstShard < claimsFirst),
    plan.waves.filter(({ firstShard }) => firstShard >= claimsFirst),
  ];
  await applyWaves(input, run, { ...apply, plan, waves: before });
  if (plan.claimsFirst !== undefined) {
    await restoreVolumes(input, run, { ...apply, stage: 'claims' });
    for (const added of progress.addedLater ?? []) {
      await applyAdded(run, { ...apply, plan, added });
    }
  }
  await applyWaves(input, run, { ...apply, plan, waves: after });
  await applyDeferred(run, { ...apply, plan });
  if (plan.hasPodVolumes === true) {
    await restoreVolumes(input, run, { ...apply, stage: 'pods' });
  }
  await relink(run, apply);
}

async function applyWaves(
  input: RestoreInput,
  run: RestoreRun,
  { waves, ...apply }: Apply & { plan: PlanRestoreResult; waves: readonly RestoreWave[] },
): Promise<void> {
  for (const step of gatherWaves(waves)) {
    const words = `${step.names} · ${String(step.items)} items`;
    if (step.hasPlugins) {
      const added = await ask(input, run, { ...apply, step });
      if (added !== undefined) {
        await applyAdded(run, { ...apply, added: untilClaims(added, apply.progress) });
      }
    }
    apply.tracker.enter('apply', 'InProgress', `applying ${words}`);
    await applyStep(run, { ...apply, step, words });
  }
}

const NOTHING_ASKED: Omit<AskedSoFar, 'deadline'> = {
  rounds: [],
  ...{ operations: 0, voids: 0 },
};

/** Asks plugins about what is applied next, when what comes before it is there; gives what they add. */
async function ask(
  input: RestoreInput,
  run: RestoreRun,
  { tracker, progress, plan, step }: Apply & { plan: PlanRestoreResult; step: ApplyStep },
): Promise<AddedShards | undefined> {
  const before = progress.plugins ?? NOTHING_ASKED;
  const shards = step.parts.flat();
  const { claimsFirst = Number.POSITIVE_INFINITY } = plan;
  const added = addedBy(before.rounds);
  const asked = await askPlugins(pluginsOf('Restore', input, run), tracker, {
    shards: {
      ...{ planAttempt: plan.attempt, shards },
      ...(added.length === 0 ? {} : { added }),
      ...((shards[0] ?? 0) < claimsFirst ? {} : { isAfterClaims: true }),
    },
    ...(before.away === undefined ? {} : { away: before.away }),
  });
  progress.plugins = {
    rounds: [...before.rounds, ...asked.rounds],
    operations: before.operations + asked.operations,
    voids: before.voids + asked.voids,
    deadline: asked.deadline,
    ...(asked.away === undefined ? {} : { away: asked.away }),
  };
  return addedBy(asked.rounds).at(-1);
}

function addedBy(rounds: readonly PluginRound[]): AddedShards[] {
  return rounds.flatMap(({ added }) => added ?? []);
}

/** What of that is applied at once; the rest is kept until the data of claims is written. */
function untilClaims(added: AddedShards, progress: Progress): AddedShards {
  const { claimsFirst: first = Number.POSITIVE_INFINITY, ...shards } = added;
  const later = added.shards.filter((shard) => shard >= first);
  if (later.length > 0) {
    progress.addedLater = [...(progress.addedLater ?? []), { ...shards, shards: later }];
  }
  return { ...shards, shards: added.shards.filter((shard) => shard < first) };
}

/** What plugins added, which is no part of the plan. */
async function applyAdded(
  run: RestoreRun,
  {
    activities,
    tracker,
    progress,
    plan,
    added,
  }: Apply & { plan: PlanRestoreResult; added: AddedShards },
): Promise<void> {
  const { planAttempt, shards } = added;
  const rounds = progress.plugins?.rounds ?? [];
  if (shards.length === 0) {
    return;
  }
  const words = 'items that plugins added';
  tracker.plan(addedBy(rounds).reduce((sum, { items }) => sum + items, plan.items));
  tracker.enter('apply', 'InProgress', `applying ${words}`);
  await applyCall(run, { activities, tracker, progress, words, planned: { planAttempt, shards } });
}

/** What plugins were asked, to those that apply what they said. */
function askedPlugins({ plugins }: Progress): AskedPlugins {
  return plugins === undefined ? {} : { plugins: plugins.rounds };
}

/** Waits for the operations that plugins began, and ends those that nobody waits for. */
export async function awaitPlugins(
  input: RestoreInput,
  run: RestoreRun,
  { tracker, progress }: Apply,
): Promise<void> {
  const { plugins } = progress;
  if (plugins !== undefined && plugins.operations + plugins.voids > 0) {
    const ended = await awaitOperations(pluginsOf('Restore', input, run), plugins, tracker);
    plugins.planned = ended.planned;
    plugins.notCancelled = ended.notCancelled;
  }
}

/** Writes the data of what was made: of claims, or of volumes that pods have of their own. */
async function restoreVolumes(
  { spec, patienceMs }: RestoreInput,
  run: RestoreRun,
  { activities, tracker, progress, stage }: Apply & { stage: 'claims' | 'pods' },
): Promise<void> {
  const first = progress.volumeBatches;
  const shards = progress.applied.map(({ shard, attempt }) => ({ shard, attempt }));
  const { volumes, batches } = await activities
    .long('Choose the volumes')
    .planVolumeRestore({ ...run, stage, shards, firstBatch: first });
  if (volumes === 0) {
    return;
  }
  tracker.enter('volumes', 'InProgress', `writing ${String(volumes)} volumes`);
  progress.volumeBatches += batches;
  tracker.volumes({ total: volumes, batches: progress.volumeBatches });
  await moveBatches(
    {
      ...{ run: { ...run, kind: 'Restore' }, cluster: spec.cluster, first, count: batches },
      ...(patienceMs === undefined ? {} : { patienceMs }),
    },
    (batch, moved) => {
      tracker.batchEnded(batch, moved);
    },
  );
  if (stage === 'claims') {
    await activities
      .long('Note which claims have no data')
      .recordRestoredVolumes({ ...run, batches });
  }
}

/** What a webhook or an aggregated API could not answer for, now that what serves them may have been restored. */
async function applyDeferred(
  run: RestoreRun,
  { activities, tracker, progress, plan }: Apply & { plan: PlanRestoreResult },
): Promise<void> {
  const shards = progress.applied.filter(({ deferred }) => deferred > 0);
  if (shards.length === 0) {
    return;
  }
  const items = shards.reduce((sum, { deferred }) => sum + deferred, 0);
  const words = `${String(items)} items that were put aside`;
  tracker.enter('apply', 'InProgress', `applying ${words}`);
  const applied = await activities.long(`Apply ${words}`).applyDeferred({
    ...{ ...run, planAttempt: plan.attempt },
    shards: shards.map(({ shard, attempt, planAttempt }) => ({
      ...{ shard, attempt },
      ...(planAttempt === undefined ? {} : { planAttempt }),
    })),
    ...askedPlugins(progress),
  });
  progress.applied.push(applied);
  tracker.advance(applied.items);
  tracker.failed(applied.failed ?? 0);
}

/** The owners that restored objects had, by the uids of now. */
async function relink(run: RestoreRun, { activities, tracker, progress }: Apply): Promise<void> {
  const shards = progress.applied.filter(({ owned }) => owned > 0);
  if (shards.length === 0) {
    return;
  }
  tracker.enter('relink', 'InProgress', 'giving restored objects their owners');
  const { attempt } = await activities
    .long('Set the owner references')
    .relinkOwners({ ...run, shards });
  progress.relinkAttempt = attempt;
}

/** Waves that one call applies in their order, or one wave in parallel parts. */
interface ApplyStep {
  readonly names: string;
  readonly items: number;
  readonly parts: readonly (readonly number[])[];
  /** Whether plugins are asked first. */
  readonly hasPlugins: boolean;
}

async function applyStep(
  run: RestoreRun,
  {
    activities,
    tracker,
    progress,
    plan,
    step,
    words,
  }: Apply & {
    plan: PlanRestoreResult;
    step: ApplyStep;
    words: string;
  },
): Promise<void> {
  await inPool(step.parts, SHARDS_IN_FLIGHT, async (shards) => {
    const planned = { planAttempt: plan.attempt, shards };
    await applyCall(run, { activities, tracker, progress, words, planned });
  });
}

/** Applies some shards, one after the other. */
async function applyCall(
  run: RestoreRun,
  {
    activities,
    tracker,
    progress,
    words,
    planned,
  }: Apply & { words: string; planned: PlannedShards },
): Promise<void> {
  const { planAttempt } = planned;
  const hasDeferred = progress.applied.some(({ deferred }) => deferred > 0);
  const result = await activities.long(`Apply ${words}`).applyShards({
    ...{ ...run, ...planned },
    ...(hasDeferred ? { hasDeferred } : {}),
    ...askedPlugins(progress),
  });
  progress.applied.push(...result.shards.map((shard) => ({ ...shard, planAttempt })));
  tracker.advance(result.shards.reduce((sum, { items }) => sum + items, 0));
  tracker.failed(result.shards.reduce((sum, { failed = 0 }) => sum + failed, 0));
}

interface Writable extends ApplyStep {
  names: string;
  items: number;
  readonly parts: number[][];
}

/** Small neighbours share a call: a hop costs more than their items. Before a wave that plugins see, all is applied. */
function gatherWaves(waves: readonly RestoreWave[]): ApplyStep[] {
  const steps: (Writable & { isSmall: boolean })[] = [];
  for (const { name, items, firstShard, shards, hasPlugins = false } of waves) {
    const numbers = Array.from({ length: shards }, (_, index) => firstShard + index);
    const last = steps.at(-1);
    const isNeighbour = last?.isSmall === true && !last.hasPlugins && !hasPlugins;
    if (isNeighbour && last.items + items <= SMALL_WAVES_ITEMS_MAX) {
      last.names += `, ${name}`;
      last.items += items;
      last.parts[0]?.push(...numbers);
    } else {
      const isSmall = items <= SMALL_WAVES_ITEMS_MAX;
      const parts = isSmall ? [numbers] : numbers.map((shard) => [shard]);
      steps.push({ names: name, items, parts, isSmall, hasPlugins });
    }
  }
  return steps;
}
