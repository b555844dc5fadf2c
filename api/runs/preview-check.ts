import type { RunResource } from '../../domain/api-resource.ts';
import type { RunKey } from '../../domain/workflow-id.ts';
import type { RunKindOf } from './kinds.ts';
import type { RunSources } from './live.ts';
import { requireSameSpec } from './service.ts';
import { specDigest } from './spec.ts';

export type PreviewSources = Pick<RunSources, 'temporal' | 'store'>;

/**
 * Refuses a preview of a run that could not be started: throws `already-exists` when its name belongs to an ended run
 * with another spec, and what `requireWorkers` throws when nobody could look at its cluster.
 */
export async function requirePreviewable<Resource extends RunResource>(
  { temporal, store }: PreviewSources,
  kind: RunKindOf<Resource>,
  { key, spec }: { readonly key: RunKey; readonly spec: Resource['spec'] },
): Promise<void> {
  const [ended] = await Promise.all([
    kind.read(store(key.location), key),
    temporal.requireWorkers(spec.cluster),
  ]);
  if (ended !== undefined) {
    requireSameSpec(ended, specDigest(spec));
  }
}
