import { promisify } from 'node:util';
import { gunzip } from 'node:zlib';

import { restoreKeys } from '../../domain/object-key.ts';
import type { OutcomePart, RestoreOutcome } from '../../domain/restore/restore-outcome.ts';
import type { RestoreVerb } from '../../domain/restore.ts';
import { gzipText } from '../json-file.ts';
import type { ObjectStore } from '../object-store/port.ts';
import { readAll } from '../object-store/read-all.ts';
import { damagedLines, jsonLinesOf } from './json-lines.ts';

const decompress = promisify(gunzip);

/** Outcomes from which on those at hand become a part: few reads for a page, and few parts for a restore. */
const PART_ITEMS = 1000;

/**
 * The outcomes of a restore as its file holds them, a line of JSON each, in gzip members; holds as many as one batch has
 * and a part takes. Adds each part to `parts` when its bytes are given out.
 */
export async function* encodeOutcomes(
  batches: AsyncIterable<readonly RestoreOutcome[]>,
  parts: OutcomePart[],
): AsyncGenerator<Buffer> {
  let open: RestoreOutcome[] = [];
  const close = async (): Promise<Buffer> => {
    const bytes = await gzipText(
      open.map((outcome) => `${JSON.stringify(lineOf(outcome))}\n`).join(''),
    );
    const last = parts.at(-1);
    const offset = last === undefined ? 0 : last.offset + last.length;
    parts.push({ offset, length: bytes.length, counts: countVerbs(open) });
    open = [];
    return bytes;
  };
  for await (const outcomes of batches) {
    open.push(...outcomes);
    if (open.length >= PART_ITEMS) {
      yield await close();
    }
  }
  if (open.length > 0 || parts.length === 0) {
    yield await close();
  }
}

/** Reads the outcomes of one part. Throws `object-missing`, and `archive-mismatch` when it is not what was written. */
export async function readOutcomes(
  store: ObjectStore,
  restore: string,
  part: OutcomePart,
): Promise<readonly RestoreOutcome[]> {
  const { items: key } = restoreKeys(restore);
  const { offset, length } = part;
  const bytes = await readAll(store, key, { range: { offset, length } });
  const text = await decompress(bytes).catch((error: unknown) => {
    throw damagedLines(key, error);
  });
  const lines = text.toString('utf8').split('\n').slice(0, -1);
  return lines.map((line) => parseLine(line, key));
}

/**
 * Reads the outcomes of a restore from the first to the last, some at a time. Throws `object-missing`, and
 * `archive-mismatch` when the file is not what was written.
 */
export async function* readAllOutcomes(
  store: ObjectStore,
  restore: string,
): AsyncGenerator<readonly RestoreOutcome[]> {
  const { items: key } = restoreKeys(restore);
  for await (const lines of jsonLinesOf(store, key)) {
    yield lines.map((line) => parseLine(line, key));
  }
}

function parseLine(line: string, key: string): RestoreOutcome {
  try {
    // It was written by `encodeOutcomes`.
    return JSON.parse(line) as RestoreOutcome;
  } catch (error) {
    throw damagedLines(key, error);
  }
}

/** The fields of an outcome in their order, and no others. */
function lineOf(outcome: RestoreOutcome): RestoreOutcome {
  const { group, version, resource, kind, namespace, name, verb, reason } = outcome;
  const { lacksOwners, awaitsOwners, isAdded, isIncomplete } = outcome;
  return {
    ...{ group, version, resource, kind, namespace, name, verb },
    ...(reason === undefined ? {} : { reason }),
    ...(lacksOwners === undefined ? {} : { lacksOwners }),
    ...(awaitsOwners === undefined ? {} : { awaitsOwners }),
    ...(isAdded === undefined ? {} : { isAdded }),
    ...(isIncomplete === undefined ? {} : { isIncomplete }),
  };
}

function countVerbs(outcomes: readonly RestoreOutcome[]): OutcomePart['counts'] {
  const counts: Partial<Record<RestoreVerb, number>> = {};
  for (const { verb } of outcomes) {
    counts[verb] = (counts[verb] ?? 0) + 1;
  }
  return counts;
}
