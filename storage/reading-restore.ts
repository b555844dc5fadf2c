import type { StoredRestore } from '../domain/stored-run.ts';
import { restoreWorkflowId, type RunKey } from '../domain/workflow-id.ts';
import { listRestores } from '../storage/catalogue.ts';
import type { Dependencies } from './dependencies.ts';
import type { LongWork } from './heartbeat.ts';

/** Claims of one page of a location's restores. */
const PAGE_CLAIMS = 500;

/**
 * A restore that reads a backup: one that claimed its name, has no result, and whose run is open in Temporal. Whether one of
 * another Holdfast is alive nobody here can know, so that it counts.
 */
export async function readingRestore(
  deps: Pick<Dependencies, 'store' | 'installation' | 'leases'>,
  { location, name }: RunKey,
  { signal, report }: LongWork,
): Promise<StoredRestore | undefined> {
  let after: string | undefined = '';
  for (let itemsDone = 0; after !== undefined;) {
    const page = await listRestores(deps.store(location), { after, limit: PAGE_CLAIMS });
    for (const { claim } of page.items) {
      signal.throwIfAborted();
      if (claim?.spec.backupName === name && (await isOpen(deps, location, claim))) {
        return claim;
      }
    }
    itemsDone += page.items.length;
    report({ itemsDone, bytesDone: 0 });
    after = page.next;
  }
  return undefined;
}

async function isOpen(
  { installation, leases }: Pick<Dependencies, 'installation' | 'leases'>,
  location: string,
  { name, result, runUid, ...claim }: StoredRestore,
): Promise<boolean> {
  if (result !== undefined) {
    return false;
  }
  const run = { workflowId: restoreWorkflowId({ location, name }), runId: runUid };
  return claim.installation !== installation || !(await leases.isClosed(run));
}
