import type { ResourceMeta, RunResource, TemporalLink } from '../../domain/api-resource.ts';
import { recordTime } from '../../domain/duration.ts';
import type { StorageLocation } from '../../domain/storage-location.ts';
import { withConditions } from '../../domain/run-conditions.ts';
import type { RunKey } from '../../domain/workflow-id.ts';
import type { ObjectStore } from '../../storage/object-store/port.ts';
import type { RunMemo } from '../../workflows/contract.ts';
import type { RunKindOf } from './kinds.ts';
import type { RunInfo } from './running.ts';
import type { TemporalRuns } from './temporal.ts';

/** What is asked for runs, and what is told about them. */
export interface RunSources {
  readonly temporal: TemporalRuns;
  readonly store: (location: string) => ObjectStore;
  /** What is known of a location. */
  readonly location: (name: string) => StorageLocation | undefined;
  readonly uiUrl?: string | undefined;
  /** Where users reach the API, for links in the Temporal UI. */
  readonly publicUrl?: string | undefined;
  readonly patienceMs?: number | undefined;
}

/** Runs of one kind as Temporal tells of them. */
export class LiveRuns<Resource extends RunResource> {
  readonly #kind: RunKindOf<Resource>;
  readonly #sources: RunSources;

  constructor(kind: RunKindOf<Resource>, sources: RunSources) {
    this.#kind = kind;
    this.#sources = sources;
  }

  resource(key: RunKey, info: RunInfo, status: Resource['status']): Resource {
    const metadata: ResourceMeta = {
      name: key.name,
      uid: info.runId,
      location: key.location,
      creationTimestamp: info.startTime.toISOString(),
    };
    // Runs are started with their spec in the memo, by the API alone.
    const spec = memoOf(info)?.spec as Resource['spec'];
    const noted = memoOf(info) === undefined ? {} : this.#kind.noted(spec, key.location);
    return withConditions(
      this.#kind.live({ ...metadata, ...noted }, spec, { ...status, temporal: this.link(info) }),
    );
  }

  /** The same resource of a run that has closed, which says as well until when Temporal remembers the run. */
  async dated(resource: Resource, info: RunInfo | undefined): Promise<Resource> {
    const closeTime = info?.closeTime;
    const { temporal: link } = resource.status;
    const retentionMs = closeTime && (await this.#sources.temporal.retentionMs());
    if (link === undefined || closeTime === undefined || retentionMs === undefined) {
      return resource;
    }
    const availableUntil = recordTime(closeTime.getTime() + retentionMs);
    return { ...resource, status: { ...resource.status, temporal: { ...link, availableUntil } } };
  }

  link({ workflowId, runId }: RunInfo): TemporalLink {
    const { temporal, uiUrl } = this.#sources;
    const { namespace } = temporal;
    const path = `namespaces/${namespace}/workflows/${encodeURIComponent(workflowId)}/${runId}/history`;
    return {
      namespace,
      workflowId,
      runId,
      ...(uiUrl === undefined ? {} : { url: `${uiUrl}/${path}` }),
    };
  }
}

/** What a run was started with; undefined for a workflow that is none of ours. */
export function memoOf(info: RunInfo): RunMemo | undefined {
  // Runs are started with this memo, by the API alone.
  return info.memo as RunMemo | undefined;
}
