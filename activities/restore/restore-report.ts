import { promisify } from 'node:util';
import { gzip } from 'node:zlib';

import { apiVersionOf } from '../../domain/item.ts';
import type { RestoreOutcome } from '../../domain/restore-outcome.ts';
import { NO_RESTORE_COUNTS, type RestoreCounts, type RestoreVerb } from '../../domain/restore.ts';
import type { VeleroResults } from '../../storage/format/record.ts';
import type { OutcomeFiles } from './outcome-files.ts';

const compress = promisify(gzip);

/** Lines of the results, of warnings and of errors each. The resource list has every item all the same. */
const RESULT_LINES_MAX = 5000;

/** What the outcomes of a restore come to; of the items themselves only the types are kept. */
export interface RestoreReport {
  readonly counts: RestoreCounts;
  readonly results: VeleroResults;
  /** The shards that hold items of each type, which is named as Velero's resource list names it. */
  readonly shardsOfType: ReadonlyMap<string, readonly number[]>;
}

/** Reads all outcomes, one shard at a time. `failure` is why the restore ended early, if it did. */
export async function gatherReport(
  files: OutcomeFiles,
  failure: string | undefined,
): Promise<RestoreReport> {
  const counts: Record<RestoreVerb, number> = { ...NO_RESTORE_COUNTS };
  const warnings = new ResultLines();
  const errors = new ResultLines();
  const shardsOfType = new Map<string, number[]>();
  for (const shard of files.shards) {
    for (const outcome of await files.read(shard)) {
      counts[outcome.verb] += 1;
      noteShard(shardsOfType, typeName(outcome), shard);
      if (outcome.verb === 'failed') {
        errors.add(outcome);
      } else if (outcome.verb === 'skipped') {
        warnings.add(outcome);
      }
    }
  }
  const results = { warnings: warnings.finish(), errors: errors.finish(failure) };
  return { counts, results, shardsOfType };
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
  readonly #side: ResultSide = {};
  #lines = 0;

  add(outcome: RestoreOutcome): void {
    this.#lines += 1;
    if (this.#lines > RESULT_LINES_MAX) {
      return;
    }
    const text = `${outcome.kind} ${place(outcome)}: ${outcome.reason ?? outcome.verb}`;
    if (outcome.namespace === '') {
      (this.#side.cluster ??= []).push(text);
    } else {
      ((this.#side.namespaces ??= {})[outcome.namespace] ??= []).push(text);
    }
  }

  finish(failure?: string): ResultSide {
    const rest = this.#lines - RESULT_LINES_MAX;
    const lines = [
      ...(failure === undefined ? [] : [failure]),
      ...(rest > 0 ? [`${String(rest)} more items; the resource list names each`] : []),
    ];
    return lines.length === 0 ? this.#side : { ...this.#side, velero: lines };
  }
}

function typeName(outcome: RestoreOutcome): string {
  return `${apiVersionOf(outcome)}/${outcome.kind}`;
}

function place({ namespace, name }: RestoreOutcome): string {
  return namespace === '' ? name : `${namespace}/${name}`;
}
