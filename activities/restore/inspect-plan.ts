import { hash } from 'node:crypto';

import type { IndexLine } from '../../domain/backup-index.ts';
import type { ItemReference } from '../../domain/item.ts';
import { PlanDigest } from '../../domain/restore/plan-digest.ts';
import { type PlanPlace, PlanTally } from '../../domain/restore/plan-tally.ts';
import type { PlannedItem, RestorePlanReport } from '../../domain/restore/restore-preview.ts';
import { shownDiff } from '../../domain/restore/shown-diff.ts';
import { targetItem } from '../../domain/restore/target-item.ts';
import { readBackup } from '../../storage/catalogue.ts';
import { forEachInPool } from '../in-pool.ts';
import type { Cluster } from '../kubernetes/port.ts';
import { ClusterNow } from './cluster-now.ts';
import { type InspectContext, type Inspected, inspectObject } from './inspect-object.ts';
import { selectLines } from './select-lines.ts';
import { bodiesOf, marksOf, typeOf } from './shard-lines.ts';
import { surveyIndex } from './survey-index.ts';
import type { IndexSource } from './survey-types.ts';

/** Objects that the cluster is asked about at the same time. */
const QUESTIONS_IN_FLIGHT = 16;
/** Lines whose bodies are read together. */
const BATCH_LINES = 1000;

export interface InspectSource extends IndexSource {
  readonly cluster: Cluster;
  readonly name: string;
  readonly runUid: string;
  readonly onProgress: (itemsDone: number) => void;
}

/**
 * Says what a restore would do, item by item, and writes nothing. Selects and orders as `planRestore` does, and holds
 * no more items than can be told. Throws what the open step and the plan refuse.
 */
export async function inspectPlan(source: InspectSource): Promise<RestorePlanReport> {
  const { cluster, store, spec, signal } = source;
  const [survey, now, backup] = await Promise.all([
    surveyIndex(source),
    ClusterNow.of(cluster, signal),
    readBackup(store, spec.backupName),
  ]);
  const selection = { ...source, survey, onRead: () => undefined };
  // Which volumes are kept is known when all lines were seen, and decides about claims, which come earlier.
  const { keptVolumes } = await selectLines(selection, () => Promise.resolve());
  const inspection = new Inspection(source, {
    ...{ cluster, spec, now, signal, rules: survey.rules, marks: marksOf(source, spec) },
    keptVolumes: new Set(keptVolumes),
  });
  let tooDeep = 0;
  const { leftOut } = await selectLines(selection, (line, wave) => {
    tooDeep += survey.waves.isTooDeep(line) ? 1 : 0;
    return inspection.add(line, wave);
  });
  await inspection.flush();
  const { waves, cycles } = survey.waves;
  const archiveSha256 = backup?.claim?.archive?.sha256 ?? '';
  return {
    backupName: spec.backupName,
    digest: inspection.digest.of({ spec, archiveSha256 }),
    counts: inspection.tally.counts,
    waves: waves
      .map((name, wave) => ({ name, items: inspection.itemsOf(wave) }))
      .filter(({ items }) => items > 0),
    leftOut,
    cycles,
    tooDeep,
    items: inspection.tally.items(),
  };
}

/** Gathers lines, and looks at the objects of many at the same time. */
class Inspection {
  readonly tally = new PlanTally();
  readonly digest = new PlanDigest((text) => hash('sha256', text, 'hex'));
  readonly #source: InspectSource;
  readonly #context: InspectContext;
  readonly #waveItems = new Map<number, number>();
  #batch = new Map<IndexLine, PlanPlace>();
  #itemsDone = 0;

  constructor(source: InspectSource, context: InspectContext) {
    this.#source = source;
    this.#context = context;
  }

  /** Items of a wave, by its position. */
  itemsOf(wave: number): number {
    return this.#waveItems.get(wave) ?? 0;
  }

  async add(line: IndexLine, wave: number): Promise<void> {
    const place = this.itemsOf(wave);
    this.#waveItems.set(wave, place + 1);
    this.#batch.set(line, { wave, place });
    if (this.#batch.size === BATCH_LINES) {
      await this.flush();
    }
  }

  /** Looks at what was gathered. */
  async flush(): Promise<void> {
    const { store, spec, onProgress } = this.#source;
    const batch = this.#batch;
    this.#batch = new Map();
    const bodies = bodiesOf(store, [...batch.keys()], this.#context);
    await forEachInPool(bodies, QUESTIONS_IN_FLIGHT, async ({ line, object }) => {
      const inspected = await inspectObject(typeOf(line), object, this.#context);
      const item = { ...targetItem(line, spec), version: line.version };
      this.#note({ item, inspected, at: batch.get(line) ?? { wave: 0, place: 0 } });
      this.#itemsDone += 1;
      onProgress(this.#itemsDone);
    });
  }

  #note({ item, inspected, at }: Noted): void {
    const { action, asked } = inspected;
    this.digest.add({ ...item, action, asked });
    this.tally.add(plannedItem(item, inspected), at);
  }
}

interface Noted {
  readonly item: ItemReference & { readonly version: string };
  readonly inspected: Inspected;
  readonly at: PlanPlace;
}

function plannedItem(
  item: Noted['item'],
  { action, reason, isChecked, changes }: Inspected,
): PlannedItem {
  return {
    ...item,
    action,
    ...(reason === undefined ? {} : { reason }),
    ...(isChecked === undefined ? {} : { isChecked }),
    ...(changes === undefined ? {} : shownDiff(item, changes)),
  };
}
