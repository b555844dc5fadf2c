import { setTimeout as sleep } from 'node:timers/promises';

import {
  groupResource,
  type ItemReference,
  type KubernetesObject,
  type ResourceType,
} from '../../domain/item.ts';
import { DEFINITION_TYPE } from '../../domain/restore-selection.ts';
import { Failure } from '../../domain/failure.ts';
import type { Cluster } from '../kubernetes/port.ts';

/** How long a definition may take until its type is served, as in Velero. */
const ESTABLISHED_WAIT_MS = 600_000;
const ESTABLISHED_POLL_MS = 200;
const NEEDED_CONDITIONS = ['Established', 'NamesAccepted'];

/** Waits until what was just applied is ready for what comes after it. */
export async function awaitGate(
  cluster: Cluster,
  applied: { readonly type: ResourceType; readonly item: ItemReference },
  signal: AbortSignal,
): Promise<void> {
  if (groupResource(applied.type) !== DEFINITION_TYPE) {
    return;
  }
  const deadline = Date.now() + ESTABLISHED_WAIT_MS;
  while (!isEstablished(await cluster.read(applied.type, applied.item, signal))) {
    if (Date.now() > deadline) {
      throw new Failure(
        'timed-out',
        `the definition ${applied.item.name} was not established in time`,
        { subject: applied.item.name },
      );
    }
    await sleep(ESTABLISHED_POLL_MS, undefined, { signal });
  }
}

function isEstablished(definition: KubernetesObject | undefined): boolean {
  const status = definition?.['status'] as
    { conditions?: { type?: string; status?: string }[] } | undefined;
  const conditions = status?.conditions ?? [];
  return NEEDED_CONDITIONS.every((needed) =>
    conditions.some(({ type, status: value }) => type === needed && value === 'True'),
  );
}
