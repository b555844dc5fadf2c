import pLimit from 'p-limit';

import { type BackupSpec, selectorsOf, takesAllNamespaces } from '../../domain/backup.ts';
import type { CoverageReason } from '../../domain/coverage.ts';
import {
  type CountedType,
  countScopes,
  cutShards,
  type ExportPlan,
  type ExportUnit,
  type PlannedRelated,
  type PlannedSelection,
  SHARD_ITEMS,
  unitScopes,
} from '../../domain/export-plan.ts';
import { groupResource, type ResourceType } from '../../domain/item.ts';
import { matchesLabels, selectorQuery } from '../../domain/selection/label-selector.ts';
import type { NamespaceFacts } from '../../domain/selection/namespace-selection.ts';
import { orderedNames } from '../../domain/selection/ordered-resources.ts';
import {
  NAMESPACES,
  RELATED_TYPES,
  VOLUME_TYPES,
  VOLUMES,
} from '../../domain/selection/related-items.ts';
import type { Cluster } from '../kubernetes/port.ts';
import type { CheckedRequest } from './check-request.ts';
import { plannedCoverage } from './planned-coverage.ts';
import { ProblemList } from './problem-list.ts';

/** Counting requests that one plan has under way at a time. */
const COUNTS_IN_FLIGHT = 16;

/** Says what to list, in shards of about equal cost, and what cannot be listed. */
export async function buildPlan(
  cluster: Cluster,
  request: CheckedRequest,
  { signal, isPatient }: { readonly signal: AbortSignal; readonly isPatient: boolean },
): Promise<ExportPlan> {
  const { spec, namespaces } = request;
  const problems = new ProblemList({ isPatient });
  const selection = plannedSelection(request);
  const counter = new Counter(cluster, spec, { problems, signal });
  const collected = new Set(selection.collected);
  const types = request.discovery.types.filter((type) => collected.has(groupResource(type)));
  const units = await Promise.all(
    types.map(async (type) => {
      const counted = await counter.countType(type, namespaces.taken);
      const listings = await counter.unitsOf(counted, namespaces.taken);
      return [
        ...orderedUnit(type, selection.ordered[groupResource(type)]),
        ...listings,
        ...otherVersions(request, type).flatMap((version) =>
          listings.map((unit) => ({ ...unit, type: version, isOtherVersion: true as const })),
        ),
      ];
    }),
  );
  const shards = cutShards(units.flat());
  return {
    shards,
    items: shards.reduce((sum, { items }) => sum + items, 0),
    selection,
    coverage: plannedCoverage(request, { problems, uncounted: counter.uncounted }),
    volumePolicies: request.policies.volumePolicies,
    hasVolumes: shards.some(({ units }) => units.some(isOfVolumes)),
  };
}

/** Counts what listings would give, as many at a time as the API server should have. */
class Counter {
  /** Types that could not be counted, by `resource.group`; of these there may be no listing that could tell. */
  readonly uncounted = new Map<string, CoverageReason>();
  readonly #limit = pLimit(COUNTS_IN_FLIGHT);
  readonly #cluster: Cluster;
  readonly #spec: BackupSpec;
  readonly #problems: ProblemList;
  readonly #signal: AbortSignal;
  /** What to count by: each of the selectors, or everything. */
  readonly #selectors: readonly { readonly labelSelector?: string }[];

  constructor(
    cluster: Cluster,
    spec: BackupSpec,
    { problems, signal }: { problems: ProblemList; signal: AbortSignal },
  ) {
    this.#cluster = cluster;
    this.#spec = spec;
    this.#problems = problems;
    this.#signal = signal;
    const selectors = selectorsOf(spec);
    this.#selectors =
      selectors.length === 0
        ? [{}]
        : selectors.map((selector) => ({ labelSelector: selectorQuery(selector) }));
  }

  async countType(type: ResourceType, namespaces: readonly string[]): Promise<CountedType> {
    const scopes = countScopes(this.#spec, type, namespaces);
    const items = await Promise.all(
      scopes.map(async (namespace) => [namespace, await this.#count(type, namespace)] as const),
    );
    return { type, items: new Map(items) };
  }

  async unitsOf(counted: CountedType, namespaces: readonly string[]): Promise<ExportUnit[]> {
    const { type, items } = counted;
    const whole = items.get('') ?? 0;
    return Promise.all(
      unitScopes(this.#spec, counted, namespaces).map(async (namespace) => {
        const isPart = namespace !== '' && whole > SHARD_ITEMS;
        const cost = isPart ? await this.#count(type, namespace) : whole;
        return { type, namespace, items: items.get(namespace) ?? cost };
      }),
    );
  }

  async #count(type: ResourceType, namespace: string): Promise<number> {
    const counts = await Promise.all(
      this.#selectors.map((selector) =>
        this.#limit(() =>
          this.#problems.orTell(
            type,
            (reason) => {
              this.uncounted.set(groupResource(type), reason);
              return 0;
            },
            () => this.#cluster.count({ type, namespace, ...selector }, this.#signal),
          ),
        ),
      ),
    );
    return counts.reduce((sum, count) => sum + count, 0);
  }
}

function plannedSelection({
  spec,
  discovery,
  existing,
  namespaces,
  types,
  filterPolicies,
}: CheckedRequest): PlannedSelection {
  const selectors = selectorsOf(spec);
  const isFiltered = selectors.length > 0 || filterPolicies !== undefined;
  const { decisions } = types;
  const related = RELATED_TYPES.flatMap((name): PlannedRelated[] => {
    const type = discovery.types.find((one) => groupResource(one) === name);
    const decision = decisions.get(name);
    if (type === undefined || (decision?.isCollected === true && !isFiltered)) {
      return [];
    }
    const { group, version, resource, kind, isNamespaced } = type;
    const planned = { name, type: { group, version, resource, kind, isNamespaced } };
    if (decision?.isRelatedTaken === true) {
      return [planned];
    }
    // Policies decide by what the volume of a claim is, also where the volume itself is not taken.
    return name === VOLUMES ? [{ ...planned, isLookedAt: true }] : [];
  });
  const collected = [...decisions].flatMap(([name, { isCollected }]) =>
    // With a selector a namespace is taken for what is in it, which only the export knows.
    isCollected && !(isFiltered && name === NAMESPACES) ? [name] : [],
  );
  const matching = existing.filter(({ labels }) =>
    selectors.some((selector) => matchesLabels(selector, labels)),
  );
  return {
    namespaces: namespaces.taken,
    ...knownNamespaces(spec, existing),
    selectors,
    collected,
    related,
    matchingNamespaces: isFiltered ? matching.map(({ name }) => name) : [],
    ...(isFiltered && !takesAllNamespaces(spec) ? { areNamespacesChosen: true as const } : {}),
    ordered: Object.fromEntries(orderedNames(spec.orderedResources, discovery.types)),
    ...(filterPolicies === undefined ? {} : { filterPolicies }),
  };
}

/** Where every namespace is taken, an object of one that is not known is of one that came later. */
function knownNamespaces(
  spec: BackupSpec,
  existing: readonly NamespaceFacts[],
): Pick<PlannedSelection, 'known'> {
  return takesAllNamespaces(spec) && spec.excludedNamespaces.length === 0
    ? { known: existing.map(({ name }) => name) }
    : {};
}

function orderedUnit(type: ResourceType, names: readonly string[] | undefined): ExportUnit[] {
  return names === undefined || names.length === 0
    ? []
    : [{ type, namespace: '', items: names.length, names }];
}

/** Whether a listing gives objects that may have volumes. */
function isOfVolumes({ type, isOtherVersion, items }: ExportUnit): boolean {
  return isOtherVersion !== true && items > 0 && VOLUME_TYPES.includes(groupResource(type));
}

function otherVersions({ spec, discovery }: CheckedRequest, type: ResourceType): ResourceType[] {
  return spec.apiVersions === 'All'
    ? discovery.otherVersions.filter((other) => groupResource(other) === groupResource(type))
    : [];
}
