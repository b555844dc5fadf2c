import { promisify } from 'node:util';
import { gzip } from 'node:zlib';

import { apiVersionOf } from '../../domain/item.ts';
import type { RestoreOutcome } from '../../domain/restore/restore-outcome.ts';
import { NO_RESTORE_COUNTS, type RestoreCounts, type RestoreVerb } from '../../domain/restore.ts';
import type { VeleroResults } from '../../storage/format/record.ts';
import type { OutcomeFiles } from './outcome-files.ts';

const compress = promisify(gzip);

/** Lines of the results, of warnings and of errors each. The resource list has every item all the same. */
const RESULT_LINES_MAX = 5000;

/** What the outcomes of a restore come to; of the items themselves only the types are kept. */
export interface RestoreReport {
  readonly counts: RestoreCounts;
  /** Lines among the warnings of the results, also those that are only counted there. */
  readonly warnings: number;
  readonly results: VeleroResults;
  /** The shards that hold items of each type, which is named as Velero's resource list names it. */
  readonly shardsOfType: ReadonlyMap<string, readonly number[]>;
}

/** What the results say of the restore as a whole. */
export interface RestoreNotes {
  /** Name of the restore. */
  readonly name: string;
  readonly errors: readonly string[];
  readonly warnings: readonly string[];
}

/** Reads all outcomes, one shard at a time. */
export async function gatherReport(
  files: OutcomeFiles,
  notes: RestoreNotes,
): Promise<RestoreReport> {
  const counts: Record<RestoreVerb, number> = { ...NO_RESTORE_COUNTS };
  const warnings = new ResultLines(notes.warnings);
  const errors = new ResultLines(notes.errors);
  const shardsOfType = new Map<string, number[]>();
  let awaitingOwners = 0;
  for (const shard of files.shards) {
    for (const outcome of await files.read(shard)) {
      counts[outcome.verb] += 1;
      noteShard(shardsOfType, typeName(outcome), shard);
      awaitingOwners += outcome.awaitsOwners === true ? 1 : 0;
      if (outcome.verb === 'failed') {
        errors.add(outcome);
      } else if (isWarning(outcome)) {
        warnings.add(outcome);
      }
    }
  }
  if (awaitingOwners > 0) {
    warnings.note(ownersDue(awaitingOwners, notes));
  }
  const results = { warnings: warnings.finish(), errors: errors.finish() };
  return { counts, warnings: warnings.count, results, shardsOfType };
}

function ownersDue(items: number, { name }: RestoreNotes): string {
  return (
    `the restore ended before ${String(items)} items got their owner references again; ` +
    `a restore with retryOf ${name} sets them`
  );
}

function isWarning({ verb, lacksOwners, isIncomplete }: RestoreOutcome): boolean {
  return verb === 'skipped' || lacksOwners === true || isIncomplete === true;
}

/**
 * Velero's list of a restore, `{"v1/ConfigMap": ["shop/settings(created)"]}`, as gzip members, in bounded memory:
 * for each type the shards that hold it are read again, and neighbouring types are mostly in the same ones.
 */
export async function* encodeRestoreList(
  files: OutcomeFiles,
  { shardsOfType }: RestoreReport,
): AsyncGenerator<Buffer> {
  let start = '{';
  for (const [type, shards] of shardsOfType) {
    let separator = `${start}${JSON.stringify(type)}:[`;
    for (const shard of shards) {
      const outcomes = (await files.read(shard)).filter((outcome) => typeName(outcome) === type);
      const places = outcomes.map((one) => JSON.stringify(`${place(one)}(${one.verb})`));
      yield await compress(`${separator}${places.join(',')}`);
      separator = ',';
    }
    start = '],';
  }
  yield await compress(start === '{' ? '{}' : ']}');
}

function noteShard(shardsOfType: Map<string, number[]>, type: string, shard: number): void {
  const shards = shardsOfType.get(type) ?? [];
  if (shards.at(-1) !== shard) {
    shards.push(shard);
  }
  shardsOfType.set(type, shards);
}

type ResultSide = VeleroResults['errors'];

/** One side of Velero's results, of which the first lines are kept and the others counted. */
class ResultLines {
  readonly #notes: string[];
  readonly #cluster: string[] = [];
  /** In a map, for a namespace may have the name of something that every object inherits. */
  readonly #namespaces = new Map<string, string[]>();
  #lines = 0;

  constructor(notes: readonly string[]) {
    this.#notes = [...notes];
  }

  /** Notes and lines. */
  get count(): number {
    return this.#notes.length + this.#lines;
  }

  note(text: string): void {
    this.#notes.push(text);
  }

  add(outcome: RestoreOutcome): void {
    this.#lines += 1;
    if (this.#lines > RESULT_LINES_MAX) {
      return;
    }
    const text = `${outcome.kind} ${place(outcome)}: ${outcome.reason ?? outcome.verb}`;
    const { namespace } = outcome;
    const texts = namespace === '' ? this.#cluster : (this.#namespaces.get(namespace) ?? []);
    texts.push(text);
    if (namespace !== '') {
      this.#namespaces.set(namespace, texts);
    }
  }

  finish(): ResultSide {
    const rest = this.#lines - RESULT_LINES_MAX;
    const lines = [
      ...this.#notes,
      ...(rest > 0 ? [`${String(rest)} more items; the resource list names each`] : []),
    ];
    return {
      ...(this.#cluster.length === 0 ? {} : { cluster: this.#cluster }),
      ...(this.#namespaces.size === 0 ? {} : { namespaces: Object.fromEntries(this.#namespaces) }),
      ...(lines.length === 0 ? {} : { velero: lines }),
    };
  }
}

function typeName(outcome: RestoreOutcome): string {
  return `${apiVersionOf(outcome)}/${outcome.kind}`;
}

function place({ namespace, name }: RestoreOutcome): string {
  return namespace === '' ? name : `${namespace}/${name}`;
}
