import {
  type backupKeys,
  planKey,
  pluginReplyKey,
  pluginsPrefix,
  runLogPrefix,
  workFolder,
} from '../domain/object-key.ts';
import { readClaim } from '../storage/claim.ts';
import { readHookRuns } from '../storage/hook-runs.ts';
import { readJsonGzIfThere, writeJsonGz } from '../storage/json-file.ts';
import type { ObjectStore } from '../storage/object-store/port.ts';
import type { CleanInput } from './contract.ts';
import { withHeartbeat } from './heartbeat.ts';

type RunKeys = Pick<ReturnType<typeof backupKeys>, 'folder' | 'claim' | 'hooks' | 'itemOperations'>;

/**
 * Removes what a run left in its folder, as far as the scope says. Files outside `work/` have no run in their
 * name, so they go only while the claim is the run's, and the claim itself goes last. What its hooks did in pods stays
 * known: their list is kept with the files of a run that failed or was cancelled.
 */
export function cleanRun(store: ObjectStore, keys: RunKeys, input: CleanInput): Promise<void> {
  return withHeartbeat(async () => {
    const isOwn = input.scope !== 'work' && (await isOpen(store, keys, input));
    const isKept = isOwn && input.scope === 'files';
    if (isKept) {
      await keepHooks(store, keys, input);
    }
    const asked = [
      ...(await askedKeys(store, keys, input)),
      ...(await logKeys(store, keys, input)),
    ];
    await removeAll(store, workFolder(keys.folder, input.runUid), ...asked);
    if (!isOwn) {
      return;
    }
    await removeAll(store, keys.folder, keys.claim, ...asked, ...(isKept ? keptKeys(keys) : []));
    if (input.scope === 'claim') {
      await store.remove([keys.claim]);
    }
  });
}

/** What tells of pods and plugins stays known. */
function keptKeys({ hooks, itemOperations }: RunKeys): string[] {
  return [hooks, itemOperations];
}

/** What says which calls of plugins were made, and what they answered. Not the key that sealed answers are opened with. */
async function askedKeys(
  store: ObjectStore,
  { folder }: RunKeys,
  { runUid, keepsPlugins }: CleanInput,
): Promise<string[]> {
  if (keepsPlugins !== true) {
    return [];
  }
  const keys = await keysBelow(store, pluginsPrefix(folder, runUid));
  const replyKey = pluginReplyKey(folder, runUid);
  return [planKey(folder, runUid), ...keys.filter((key) => key !== replyKey)];
}

/** What the steps of a run that failed told: its log is still to be made of it. */
async function logKeys(
  store: ObjectStore,
  { folder }: RunKeys,
  { runUid, scope }: CleanInput,
): Promise<string[]> {
  return scope === 'files' ? keysBelow(store, runLogPrefix(folder, runUid)) : [];
}

async function keysBelow(store: ObjectStore, prefix: string): Promise<string[]> {
  const keys: string[] = [];
  for await (const page of store.list(prefix)) {
    keys.push(...page.map(({ key }) => key));
  }
  return keys;
}

/** Whether a name is the run's, which has no result yet. */
async function isOpen(store: ObjectStore, keys: RunKeys, input: CleanInput): Promise<boolean> {
  const claim = await readClaim(store, keys.claim);
  return claim?.stored.runUid === input.runUid && claim.stored.result === undefined;
}

/** Stores the list of the hooks that were run; an earlier attempt, or the run itself, may have stored it. */
async function keepHooks(store: ObjectStore, keys: RunKeys, { runUid }: CleanInput): Promise<void> {
  const pods = await readHookRuns(store, { folder: keys.folder, runUid });
  if (pods.length > 0 && (await readJsonGzIfThere(store, keys.hooks)) === undefined) {
    await writeJsonGz(store, keys.hooks, pods);
  }
}

/** Removes every object under a prefix but some, and what was never finished; gives how many objects there were. */
export async function removeAll(
  store: ObjectStore,
  prefix: string,
  ...kept: readonly string[]
): Promise<number> {
  let objects = 0;
  const isKept = new Set(kept);
  await store.abortUploads(prefix);
  for await (const page of store.list(prefix)) {
    const keys = page.map(({ key }) => key).filter((key) => !isKept.has(key));
    await store.remove(keys);
    objects += keys.length;
  }
  return objects;
}
