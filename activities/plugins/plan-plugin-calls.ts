import { randomBytes } from 'node:crypto';

import { NoteTaker } from '../../domain/backup-notes.ts';
import type { ExportPlan, ExportUnit } from '../../domain/export-plan.ts';
import { backupFolder, pluginCallKey, pluginIndexKey } from '../../domain/object-key.ts';
import { ITEMS_PER_CALL } from '../../domain/plugins/contract-v1.ts';
import { actionsFor, backupActionsOf, type RunAction } from '../../domain/plugins/plugin-action.ts';
import type { PlannedCall } from '../../domain/plugins/plugin-call.ts';
import { CallIndex } from '../../domain/plugins/call-index.ts';
import { maySelectType } from '../../domain/plugins/plugin-selector.ts';
import { writeJsonGz } from '../../storage/json-file.ts';
import type { ArchiveItem } from '../../storage/format/member-encoder.ts';
import type { ObjectStore } from '../../storage/object-store/port.ts';
import { exportPages } from '../backup/export-pages.ts';
import { isPatient, readPlan } from '../backup/plan-backup.ts';
import { ProblemList } from '../backup/problem-list.ts';
import { relatedPages } from '../backup/related-pages.ts';
import type { Dependencies } from '../dependencies.ts';
import { type LongWork, withHeartbeat } from '../heartbeat.ts';
import type { PlanPluginCallsInput, PluginRound } from '../plugin-run-contract.ts';
import { addedPages } from './added-items.ts';
import { ensureReplyKey } from './reply-key.ts';
import { requestIdOf } from './request-id.ts';

const ATTEMPT_BYTES = 6;
/** Types that a round names. */
const PROBLEMS_MAX = 10;

/** See `PluginRunActivities.planPluginCalls`. */
export function planPluginCalls(
  deps: Dependencies,
  input: PlanPluginCallsInput,
): Promise<PluginRound> {
  return withHeartbeat(async (long) => {
    const store = deps.store(input.location);
    const plan = await readPlan(deps, input);
    const actions = backupActionsOf(plan.plugins ?? []);
    await ensureReplyKey(store, backupFolder(input.name), input.runUid);
    const problems = new ProblemList({ isPatient: isPatient() });
    const pages =
      input.rounds.length === 0
        ? takenPages(deps, { plan, actions, problems }, long)
        : addedPages(deps, { run: input, plan, problems }, long.signal);
    const writer = new CallWriter(store, input, actions);
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
    return errors.length === 0 ? round : { ...round, problems: errors.slice(0, PROBLEMS_MAX) };
  });
}

interface Asked {
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
  { plan: { shards, selection }, actions, problems }: Asked,
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

interface OpenCall {
  readonly action: RunAction;
  items: PlannedCall['items'][number][];
}

/** Cuts calls out of a stream of items, action by action, and stores each when it is full. */
class CallWriter {
  readonly #attempt = randomBytes(ATTEMPT_BYTES).toString('hex');
  readonly #open = new Map<RunAction, OpenCall>();
  readonly #index = new CallIndex();
  readonly #store: ObjectStore;
  readonly #run: PlanPluginCallsInput;
  readonly #actions: readonly RunAction[];
  #calls = 0;

  constructor(store: ObjectStore, run: PlanPluginCallsInput, actions: readonly RunAction[]) {
    this.#store = store;
    this.#run = run;
    this.#actions = actions;
  }

  async see({ type, object, isOtherVersion }: ArchiveItem): Promise<void> {
    const { name, namespace = '', uid, labels } = object.metadata;
    const { group, resource, version } = type;
    const seen = { group, resource, namespace, ...(labels === undefined ? {} : { labels }) };
    // Another version is the same object.
    for (const action of isOtherVersion === true ? [] : actionsFor(this.#actions, seen)) {
      const open = this.#open.get(action) ?? { action, items: [] };
      this.#open.set(action, open);
      const item = { group, version, resource, namespace, name };
      open.items.push({
        requestId: requestIdOf({ ...action, runUid: this.#run.runUid }, item),
        item,
        ...(uid === undefined ? {} : { uid }),
      });
      if (open.items.length >= ITEMS_PER_CALL) {
        await this.#write(open);
      }
    }
  }

  /** Stores what is left. */
  async end(): Promise<PluginRound> {
    // By plugin and action, so that each round of each run goes in the same order.
    for (const action of this.#actions) {
      const open = this.#open.get(action);
      if (open !== undefined && open.items.length > 0) {
        await this.#write(open);
      }
    }
    const key = pluginIndexKey(backupFolder(this.#run.name), this.#part());
    await writeJsonGz(this.#store, key, this.#index.rows());
    return { attempt: this.#attempt, calls: this.#calls };
  }

  async #write(open: OpenCall): Promise<void> {
    const { plugin, action, onError } = open.action;
    const { items } = open;
    open.items = [];
    const call = this.#calls++;
    this.#index.add(call, items);
    const key = pluginCallKey(backupFolder(this.#run.name), { ...this.#part(), call });
    const order = this.#actions.indexOf(open.action);
    const planned: PlannedCall = { plugin, action, onError, order, items };
    await writeJsonGz(this.#store, key, planned);
  }

  #part() {
    return { runUid: this.#run.runUid, attempt: this.#attempt };
  }
}
