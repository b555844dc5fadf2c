import { Failure } from '../domain/failure.ts';
import type { StoredRestore } from '../domain/stored-run.ts';
import { restoreWorkflowId, type RunKey } from '../domain/workflow-id.ts';
import { listRestores } from './catalogue.ts';
import type { ObjectStore } from './object-store/port.ts';

/** Claims of one page of a location's restores. */
const PAGE_CLAIMS = 500;

/** Where restores are, and how it is known which of them are under way. */
interface Readers {
  readonly store: ObjectStore;
  readonly installation: string;
  /** Whether a run is over, or Temporal does not remember it. */
  readonly isClosed: (run: {
    readonly workflowId: string;
    readonly runId: string;
  }) => Promise<boolean>;
  /** Told how many restores were looked at, page by page; what it throws ends the look. */
  readonly onPage?: (restores: number) => void;
}

/**
 * Throws `still-running` when a restore reads a backup: one that claimed its name, has no result, and whose run is open in
 * Temporal. Whether one of another Holdfast is alive nobody here can know, so that it counts.
 */
export async function requireUnread(readers: Readers, key: RunKey): Promise<void> {
  let after: string | undefined = '';
  for (let looked = 0; after !== undefined;) {
    const page = await listRestores(readers.store, { after, limit: PAGE_CLAIMS });
    for (const { claim } of page.items) {
      if (claim?.spec.backupName === key.name && (await isOpen(readers, key.location, claim))) {
        throw new Failure('still-running', readText(readers, key, claim), { subject: key.name });
      }
    }
    looked += page.items.length;
    readers.onPage?.(looked);
    after = page.next;
  }
}

async function isOpen(
  { installation, isClosed }: Readers,
  location: string,
  { name, result, runUid, ...claim }: StoredRestore,
): Promise<boolean> {
  if (result !== undefined) {
    return false;
  }
  const run = { workflowId: restoreWorkflowId({ location, name }), runId: runUid };
  return claim.installation !== installation || !(await isClosed(run));
}

function readText({ installation }: Readers, { name }: RunKey, restore: StoredRestore): string {
  const reader = `the restore ${restore.name} reads the backup ${name}`;
  return restore.installation === installation
    ? `${reader}; wait for its end, or cancel it`
    : `${reader}, for another Holdfast; if that is gone, remove restores/${restore.name}/holdfast.json`;
}
