import { setTimeout as sleep } from 'node:timers/promises';

import pLimit from 'p-limit';

import { type BackupSpec, selectorsOf } from '../../domain/backup.ts';
import { groupResource, type ResourceType } from '../../domain/item.ts';
import { type KeepContext, whyNotKept } from '../../domain/keep-object.ts';
import { matchesLabels } from '../../domain/selection/label-selector.ts';
import { NAMESPACES } from '../../domain/selection/related-items.ts';
import type { CheckedRequest } from './check-request.ts';
import { type Lister, unitPages } from './unit-pages.ts';

/** Types that are looked at at the same time. */
const TYPES_IN_FLIGHT = 8;
/** Objects of a page: mostly the first will do. */
const PROBE_PAGE_SIZE = 20;
/** How long a request waits for the answer; after that the export finds out. */
const PROBE_WAIT_MS = 2500;

/**
 * Whether a request that narrows types or labels takes any object, as far as that can be told while somebody waits.
 * Namespaces count only where they are asked for: else they are there for what is in them.
 */
export async function mayMatch(
  cluster: Lister,
  request: CheckedRequest,
  signal: AbortSignal,
): Promise<boolean> {
  if (!isNarrowed(request) || takesNamespaces(request)) {
    return true;
  }
  const stop = new AbortController();
  const both = AbortSignal.any([signal, stop.signal]);
  try {
    return await Promise.race([
      findsAny(cluster, request, both),
      sleep(PROBE_WAIT_MS, true, { signal: both }),
    ]);
  } finally {
    stop.abort();
  }
}

/** Whether namespaces themselves are what is asked for, by label or by name of the type. */
function takesNamespaces({ spec, existing, namespaces, types }: CheckedRequest): boolean {
  const collected = [...types.decisions].filter(([, { isCollected }]) => isCollected);
  const selectors = selectorsOf(spec);
  const isMatching = existing.some(
    ({ name, labels }) =>
      namespaces.taken.includes(name) &&
      selectors.some((selector) => matchesLabels(selector, labels)),
  );
  return (
    types.decisions.get(NAMESPACES)?.isCollected === true &&
    (isMatching || (selectors.length === 0 && collected.length === 1 && isNamed(spec)))
  );
}

function isNamed({ includedResources, includedClusterScopedResources }: BackupSpec): boolean {
  return (includedResources ?? includedClusterScopedResources ?? []).length > 0;
}

/** Without a filter by type or label an empty namespace is something to take. */
function isNarrowed({ spec, policies, filterPolicies }: CheckedRequest): boolean {
  return (
    selectorsOf(spec).length > 0 ||
    filterPolicies !== undefined ||
    [
      spec.includedResources,
      spec.excludedResources,
      spec.includedNamespaceScopedResources,
      spec.excludedNamespaceScopedResources,
      policies.includeExclude,
    ].some((list) => list !== undefined)
  );
}

/** Looks at one type after the other until an object is found. */
async function findsAny(
  cluster: Lister,
  request: CheckedRequest,
  signal: AbortSignal,
): Promise<boolean> {
  const { discovery, types } = request;
  const collected = discovery.types.filter((type) => {
    const name = groupResource(type);
    return name !== NAMESPACES && types.decisions.get(name)?.isCollected === true;
  });
  const found: ResourceType[] = [];
  await pLimit(TYPES_IN_FLIGHT).map(collected, async (type) => {
    if (found.length === 0 && (await hasAny(cluster, { request, type }, signal))) {
      found.push(type);
    }
  });
  return found.length > 0;
}

/** Whether an object of a type is taken. What cannot be looked at now may be there; the export tells. */
async function hasAny(
  cluster: Lister,
  { request, type }: { request: CheckedRequest; type: ResourceType },
  signal: AbortSignal,
): Promise<boolean> {
  const context = contextOf(request);
  const { taken } = request.namespaces;
  const only = taken.length === 1 && type.isNamespaced ? taken[0] : undefined;
  const unit = { type, namespace: only ?? '', items: 0 };
  const options = { signal, isMixedAllowed: true, pageSize: PROBE_PAGE_SIZE };
  try {
    for await (const page of unitPages(cluster, unit, { ...context, options })) {
      if (page.some(({ object }) => whyNotKept(type, object, context) === undefined)) {
        return true;
      }
    }
    return false;
  } catch {
    return true;
  }
}

function contextOf({ spec, namespaces, filterPolicies }: CheckedRequest): KeepContext {
  return {
    namespaces: new Set(namespaces.taken),
    selectors: selectorsOf(spec),
    ...(filterPolicies === undefined ? {} : { filterPolicies }),
  };
}
