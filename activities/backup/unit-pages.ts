import pLimit from 'p-limit';

import type { ExportUnit } from '../../domain/export-plan.ts';
import type { ListedObject } from '../../domain/item.ts';
import { type LabelSelector, selectorQuery } from '../../domain/selection/label-selector.ts';
import type { Cluster, ListOptions } from '../kubernetes/port.ts';

/** The part of a cluster that an export needs. */
export type Lister = Pick<Cluster, 'listPages' | 'readListed'>;

/** Named objects that are read at the same time. */
const READS_IN_FLIGHT = 8;
/** Named objects of one page. */
const NAMES_PER_PAGE = 100;

/** The objects of a unit, page by page: those that it names, or those that match one of the selectors, or all. */
export async function* unitPages(
  cluster: Lister,
  unit: ExportUnit,
  { selectors, options }: { selectors: readonly LabelSelector[]; options: ListOptions },
): AsyncGenerator<readonly ListedObject[]> {
  if (unit.names !== undefined) {
    yield* namedPages(cluster, unit, options.signal);
  } else if (selectors.length === 0) {
    yield* cluster.listPages(unit, options);
  } else {
    yield* selectedPages(cluster, unit, { selectors, options });
  }
}

/** One listing for each selector; an object that matches several comes once. */
async function* selectedPages(
  cluster: Lister,
  unit: ExportUnit,
  { selectors, options }: { selectors: readonly LabelSelector[]; options: ListOptions },
): AsyncGenerator<readonly ListedObject[]> {
  const seen = new Set<string>();
  for (const selector of selectors) {
    const scope = { ...unit, labelSelector: selectorQuery(selector) };
    for await (const page of cluster.listPages(scope, options)) {
      yield page.filter((listed) => {
        const key = keyOf(listed);
        const isNew = !seen.has(key);
        if (selectors.length > 1) {
          seen.add(key);
        }
        return isNew;
      });
    }
  }
}

/** Named objects in the order of their names in the unit; those that are not there are left out. */
async function* namedPages(
  cluster: Lister,
  { type, names = [] }: ExportUnit,
  signal: AbortSignal,
): AsyncGenerator<readonly ListedObject[]> {
  const limit = pLimit(READS_IN_FLIGHT);
  for (let start = 0; start < names.length; start += NAMES_PER_PAGE) {
    const read = await limit.map(names.slice(start, start + NAMES_PER_PAGE), (name) =>
      cluster.readListed(type, { ...type, ...partsOf(name) }, signal),
    );
    yield read.filter((listed) => listed !== undefined);
  }
}

/** `shop/web`, or `pv-1`: how an object is called within its type. */
export function keyOf({ object: { metadata } }: ListedObject): string {
  return metadata.namespace === undefined
    ? metadata.name
    : `${metadata.namespace}/${metadata.name}`;
}

function partsOf(key: string): { readonly namespace: string; readonly name: string } {
  const slash = key.indexOf('/');
  return { namespace: key.slice(0, Math.max(0, slash)), name: key.slice(slash + 1) };
}
