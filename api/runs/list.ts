import { API_VERSION, type ResourceList, type RunResource } from '../../domain/api-resource.ts';
import { compareText } from '../../domain/compare-text.ts';
import { Failure } from '../../domain/failure.ts';
import { tokenFor } from '../contents/name-token.ts';
import type { RunKindOf } from './kinds.ts';
import { LiveRuns, type RunSources } from './live.ts';
import { runningStatus } from './running.ts';

/** Running runs of one kind and location that a list shows. */
const RUNNING_MAX = 1000;
export const PAGE_SIZE_DEFAULT = 50;

export interface ListQuery {
  readonly location: string;
  readonly limit: number;
  /** Names up to this one were listed before. */
  readonly after?: string | undefined;
  readonly phase?: string | undefined;
}

export interface ListedRuns<Resource> {
  readonly list: ResourceList<Resource>;
  /** What the list may lack, in a sentence. */
  readonly warning?: string;
}

/** One page of runs in the order of their names: ended ones from the location, running ones from Temporal. */
export async function listRuns<Resource extends RunResource>(
  kind: RunKindOf<Resource>,
  sources: RunSources,
  query: ListQuery,
): Promise<ListedRuns<Resource>> {
  const { location, limit, after = '', phase } = query;
  const store = sources.store(location);
  const [ended, { running, warning }] = await Promise.all([
    kind.list(store, location, { after, limit }),
    runningOrWarning(kind, sources, location),
  ]);
  const byName = new Map(ended.items.map((resource) => [resource.metadata.name, resource]));
  for (const resource of running) {
    const { name } = resource.metadata;
    if (name > after && (ended.next === undefined || name <= ended.next)) {
      byName.set(name, resource);
    }
  }
  const all = [...byName.values()].sort(byNameOrder);
  const page = all.slice(0, limit);
  const last = all.length > limit ? page.at(-1)?.metadata.name : ended.next;
  return {
    list: {
      apiVersion: API_VERSION,
      kind: `${kind.kind}List`,
      metadata: last === undefined ? {} : { continue: tokenFor(last) },
      items: page.filter((resource) => phase === undefined || resource.status.phase === phase),
    },
    ...(warning === undefined ? {} : { warning }),
  };
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
