import type { RunResource } from '../../domain/api-resource.ts';
import { compareText } from '../../domain/compare-text.ts';
import { Failure } from '../../domain/failure.ts';
import { type Order, type Part, walkList } from '../lists/walk.ts';
import type { RunKindOf } from './kinds.ts';
import { LiveRuns, type RunSources } from './live.ts';
import { runningStatus } from './running.ts';

/** Running runs of one kind and location that a list shows. */
const RUNNING_MAX = 1000;
export const PAGE_SIZE_DEFAULT = 50;

export interface ListQuery<Resource> {
  readonly location: string;
  readonly limit: number;
  /** Where the page before it ended. */
  readonly after?: string | undefined;
  readonly order: Order;
  /** Those that are wanted, and may be seen. */
  readonly keep: (runs: readonly Resource[]) => Promise<readonly Resource[]>;
}

export interface ListedRuns<Resource> extends Part<Resource> {
  /** What the list may lack, in a sentence. */
  readonly warning?: string;
}

/** Part of the runs of a location: ended ones from there, running ones from Temporal. */
export async function listRuns<Resource extends RunResource>(
  kind: RunKindOf<Resource>,
  sources: RunSources,
  { location, ...query }: ListQuery<Resource>,
): Promise<ListedRuns<Resource>> {
  const store = sources.store(location);
  const asked = runningOrWarning(kind, sources, location);
  const read = async (after: string, limit: number): Promise<Part<Resource>> => {
    const [ended, { running }] = await Promise.all([
      kind.list(store, location, { after, limit }),
      asked,
    ]);
    return withRunning(ended, running, after);
  };
  const part = await walkList({ ...query, read, after: query.after });
  const { warning } = await asked;
  return { ...part, ...(warning === undefined ? {} : { warning }) };
}

/** A page of ended runs, with those under way in their places. */
function withRunning<Resource extends RunResource>(
  ended: Part<Resource>,
  running: readonly Resource[],
  after: string,
): Part<Resource> {
  const byName = new Map(ended.items.map((resource) => [resource.metadata.name, resource]));
  for (const resource of running) {
    const { name } = resource.metadata;
    if (name > after && (ended.next === undefined || name <= ended.next)) {
      byName.set(name, resource);
    }
  }
  return { items: [...byName.values()].sort(byNameOrder), next: ended.next };
}

/** Temporal may be away: what has ended is in the location all the same. */
async function runningOrWarning<Resource extends RunResource>(
  kind: RunKindOf<Resource>,
  sources: RunSources,
  location: string,
): Promise<{ running: Resource[]; warning?: string }> {
  try {
    return { running: await listRunning(kind, sources, location) };
  } catch (error) {
    if (error instanceof Failure) {
      return { running: [], warning: `${error.code}: runs that are under way are not listed` };
    }
    throw error;
  }
}

async function listRunning<Resource extends RunResource>(
  kind: RunKindOf<Resource>,
  sources: RunSources,
  location: string,
): Promise<Resource[]> {
  const { temporal } = sources;
  const live = new LiveRuns(kind, sources);
  const prefix = kind.workflowId({ location, name: '' });
  const query = `WorkflowType = '${kind.workflow}' AND ExecutionStatus = 'Running' AND WorkflowId STARTS_WITH '${prefix}'`;
  return temporal.call(async () => {
    const running: Resource[] = [];
    for await (const info of temporal.client.workflow.list({ query })) {
      const key = { location, name: info.workflowId.slice(prefix.length) };
      const status = runningStatus(info, { status: undefined, pending: [] });
      running.push(live.resource(key, info, status));
      if (running.length === RUNNING_MAX) {
        break;
      }
    }
    return running;
  });
}

function byNameOrder(left: RunResource, right: RunResource): number {
  return compareText(left.metadata.name, right.metadata.name);
}
