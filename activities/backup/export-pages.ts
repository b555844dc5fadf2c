import type { BackupSpec } from '../../domain/backup.ts';
import type { ExportUnit } from '../../domain/export-plan.ts';
import { isKept } from '../../domain/keep-object.ts';
import type { ArchiveItem } from '../../storage/format/member-encoder.ts';
import type { Cluster } from '../kubernetes/port.ts';

export interface PageSource {
  readonly spec: BackupSpec;
  readonly units: readonly ExportUnit[];
  readonly presentTypes: readonly string[];
  readonly signal: AbortSignal;
  /** After two listings that expired, the rest is taken as it is now; the API server offers that. */
  readonly isMixedAllowed: boolean;
}

/** Units whose first page is asked for while an earlier one is written: a page may take megabytes of memory. */
const UNITS_AHEAD = 2;

/**
 * The objects of some units, page by page, in the order of the units. The first pages of the next units are
 * fetched while the present one is written: most units are one page that is nearly empty.
 */
export async function* exportPages(
  cluster: Cluster,
  source: PageSource,
): AsyncGenerator<readonly ArchiveItem[]> {
  const { units, spec, signal, isMixedAllowed } = source;
  const context = { spec, presentTypes: new Set(source.presentTypes) };
  const started: Started[] = [];
  try {
    for (const [index, unit] of units.entries()) {
      while (started.length < units.length && started.length <= index + UNITS_AHEAD) {
        const scope = units[started.length] ?? unit;
        started.push(start(cluster, scope, { signal, isMixedAllowed }));
      }
      for await (const page of pagesOf(started[index])) {
        const kept = page.filter((object) => isKept(unit.keep, object, context));
        yield kept.map((object) => ({ type: unit.type, object }));
      }
    }
  } finally {
    // A consumer that stops early leaves listings behind that nobody reads; their failures are no longer news.
    await Promise.allSettled(started.map(({ first }) => first));
  }
}

type Pages = AsyncIterator<readonly ArchiveItem['object'][]>;

interface Started {
  readonly pages: Pages;
  readonly first: Promise<IteratorResult<readonly ArchiveItem['object'][]>>;
}

function start(
  cluster: Cluster,
  unit: ExportUnit,
  options: { signal: AbortSignal; isMixedAllowed: boolean },
): Started {
  const pages = cluster.listPages(unit, options)[Symbol.asyncIterator]();
  const first = pages.next();
  // Whoever reads the pages meets the failure; until then it must not count as unhandled.
  first.catch(() => undefined);
  return { pages, first };
}

async function* pagesOf(
  started: Started | undefined,
): AsyncGenerator<readonly ArchiveItem['object'][]> {
  if (started === undefined) {
    return;
  }
  let ahead = started.first;
  for (let page = await ahead; page.done !== true; page = await ahead) {
    // The next page travels while this one is written.
    ahead = started.pages.next();
    ahead.catch(() => undefined);
    yield page.value;
  }
}
