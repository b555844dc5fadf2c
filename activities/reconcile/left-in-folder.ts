import {
  backupKeys,
  REPLACED_FOLDER,
  restoreKeys,
  runFolder as folderKey,
  workFolder,
} from '../../domain/object-key.ts';
import type { Orphan, OrphanRun } from '../../domain/orphan.ts';
import { deleteWorkflowId, type RunKey, runWorkflowId } from '../../domain/workflow-id.ts';
import { readClaim, type StoredRun } from '../../storage/claim.ts';
import { hasAskedPlugins } from '../../storage/plugin-files.ts';
import { type RunFolder, sizeBelow } from '../../storage/run-folders.ts';
import { readTombstone } from '../../storage/tombstones.ts';
import type { OwnDependencies } from '../dependencies.ts';
import type { FindOrphansInput } from '../reconcile-contract.ts';

export type ReconcileDeps = Pick<OwnDependencies, 'store' | 'installation' | 'leases'>;

/** The folder of a backup, or of a restore. */
export interface RunFolderKey {
  readonly kind: 'Backup' | 'Restore';
  readonly name: string;
}

/** The folder of a backup, or of a restore, as it was listed. */
interface Listed {
  readonly kind: 'Backup' | 'Restore';
  readonly folder: RunFolder;
}

interface Looking extends Listed {
  readonly deps: ReconcileDeps;
  readonly input: FindOrphansInput;
}

/** What of the folder of a run nobody needs any more. */
export async function leftInFolder(
  deps: ReconcileDeps,
  input: FindOrphansInput,
  listed: Listed,
): Promise<readonly Orphan[]> {
  const look: Looking = { ...listed, deps, input };
  const claim = await claimOf(look);
  if (claim === undefined) {
    return isForeign(look) ? [] : [...(await leftWork(look)), ...unknownFolder(look)];
  }
  if (claim.spec.cluster !== input.cluster) {
    return [];
  }
  if (!isEnded(look, claim)) {
    return unfinished(look, claim);
  }
  return claim.installation === deps.installation ? leftWork(look) : [];
}

/** The claim, where the folder has one. Of a backup with record and nothing under `work/` there is nothing to know. */
async function claimOf(look: Looking): Promise<StoredRun | undefined> {
  const { kind, folder, deps, input } = look;
  const { claim } = keysOf(look);
  const version = folder.files.get(claim);
  const isPlain = kind === 'Backup' && hasRecord(look) && folder.work.size === 0;
  if (version === undefined || isPlain) {
    return undefined;
  }
  const listed = () => Promise.resolve(version);
  return (await readClaim(deps.store(input.location), claim, { listed }))?.stored;
}

/** Whether Velero made it, or a claim says all there is to know: nothing in it is an orphan of ours. */
function isForeign(look: Looking): boolean {
  const { kind, folder } = look;
  return folder.work.size === 0 && (kind === 'Restore' || hasRecord(look));
}

function hasRecord({ folder }: Looking): boolean {
  return folder.files.has(backupKeys(folder.name).record);
}

function isEnded(look: Looking, claim: StoredRun): boolean {
  return look.kind === 'Backup' ? hasRecord(look) : claim.result !== undefined;
}

/** A run without an end: is it under way, or has it died? */
async function unfinished(look: Looking, claim: StoredRun): Promise<readonly Orphan[]> {
  const { kind, folder, deps, input } = look;
  const { name } = folder;
  const place = folderKey({ kind, name });
  const { runUid, startTimestamp: since, installation } = claim;
  const facts = { place, since, objects: folder.objects, sizeBytes: folder.bytes };
  if (installation !== deps.installation) {
    const reason = 'another Holdfast has begun it, and only that one knows whether it goes on';
    return [{ kind: 'ForeignRun', reason, ...facts }];
  }
  // In this order: a run that has ended since has a result by now.
  const isLeft =
    (await isDead(deps, { kind, name, location: input.location }, runUid)) &&
    !(await isKnownDeletion(look, claim)) &&
    (await isStillUnfinished(look, claim));
  if (!isLeft) {
    return [];
  }
  if (folder.folders.has(REPLACED_FOLDER)) {
    return [{ kind: 'ReplacedObjects', reason: KEPT, ...facts }];
  }
  const reason = `the ${kind.toLowerCase()} was cut off, and its run does not go on`;
  const run: OrphanRun = { kind, name, runUid };
  return [{ kind: `Unfinished${kind}`, reason, run, ...facts }];
}

async function isStillUnfinished(look: Looking, { runUid }: StoredRun): Promise<boolean> {
  const { kind, folder, deps, input } = look;
  const store = deps.store(input.location);
  const now = (await readClaim(store, keysOf(look).claim))?.stored;
  const hasEnded =
    kind === 'Backup'
      ? (await store.head(backupKeys(folder.name).record)) !== undefined
      : now?.result !== undefined;
  return now?.runUid === runUid && !hasEnded;
}

const KEPT =
  'the restore was cut off, and its folder keeps objects as they were before it replaced them; delete the restore when nobody needs these';

const ASKED =
  'plugins may still run what the run has begun and could not end; its deletion tells them, and needs these files';

/** Whether a tombstone tells of it, which is looked at by itself. */
async function isKnownDeletion(
  { kind, folder, deps, input }: Looking,
  { runUid }: StoredRun,
): Promise<boolean> {
  const tombstone =
    kind === 'Backup' && (await readTombstone(deps.store(input.location), folder.name));
  return tombstone !== false && tombstone?.runUid === runUid;
}

/** What runs that have closed have left below `work/`. */
async function leftWork(look: Looking): Promise<readonly Orphan[]> {
  const { kind, folder, deps, input } = look;
  const { name } = folder;
  const left: Orphan[] = [];
  for (const runUid of folder.work.keys()) {
    const place = workFolder(folderKey({ kind, name }), runUid);
    if (!(await isDead(deps, { kind, name, location: input.location }, runUid))) {
      continue;
    }
    // After the look at the run, which takes it away before it closes.
    const store = deps.store(input.location);
    const { objects, bytes } = await sizeBelow(store, place);
    if (objects > 0) {
      const run: OrphanRun = { kind, name, runUid };
      const what = (await hasAskedPlugins(store, folderKey({ kind, name }), runUid))
        ? ({ kind: 'LeftOperations', reason: ASKED } as const)
        : ({ kind: 'LeftWork', reason: 'the run that needed it has closed' } as const);
      left.push({ ...what, place, run, objects, sizeBytes: bytes });
    }
  }
  return left;
}

/** Whether a run has closed, and nobody deletes it. */
export async function isDead(
  deps: ReconcileDeps,
  { kind, ...key }: RunFolderKey & RunKey,
  runId: string,
): Promise<boolean> {
  const workflowId = runWorkflowId(kind, key);
  return (
    (await deps.leases.isClosed({ workflowId, runId })) &&
    (await deps.leases.isClosed({ workflowId: deleteWorkflowId(kind, key), runId: '' }))
  );
}

/** A folder that holds more than what runs have left under way, and neither claim nor record. */
function unknownFolder(look: Looking): Orphan[] {
  const { kind, folder } = look;
  const inWork = [...folder.work.values()].reduce((sum, { objects }) => sum + objects, 0);
  if (kind === 'Restore' || hasRecord(look) || folder.objects === inWork) {
    return [];
  }
  const reason = 'it has neither the record of a backup nor a claim; nobody knows whose it is';
  const place = folderKey({ kind, name: folder.name });
  return [
    { kind: 'UnknownFolder', place, reason, objects: folder.objects, sizeBytes: folder.bytes },
  ];
}

function keysOf({ kind, folder }: Looking): { readonly claim: string } {
  return kind === 'Backup' ? backupKeys(folder.name) : restoreKeys(folder.name);
}
