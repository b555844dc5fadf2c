import { DEFAULT_VOLUME_VERIFICATION } from '../../domain/backup.ts';
import { type BackupNotes, NoteTaker } from '../../domain/backup-notes.ts';
import { coverageReport } from '../../domain/coverage-report.ts';
import type { ExportPlan, ExportUnit, PlannedSelection } from '../../domain/export-plan.ts';
import { groupResource } from '../../domain/item.ts';
import { backupFolder, volumeBatchKey } from '../../domain/object-key.ts';
import { VOLUME_TYPES } from '../../domain/selection/related-items.ts';
import { planVolumes as planned, type CopyBatch } from '../../domain/volumes/volume-plan.ts';
import { hookedBatches, HookedPods } from '../../domain/volumes/hooked-pods.ts';
import { repositoriesOf } from '../../domain/volumes/repository.ts';
import { writeJsonGz } from '../../storage/json-file.ts';
import type { ObjectStore } from '../../storage/object-store/port.ts';
import { exportPages } from '../backup/export-pages.ts';
import { isPatient, readBackupClaim, readPlan } from '../backup/plan-backup.ts';
import { ProblemList } from '../backup/problem-list.ts';
import { relatedPages } from '../backup/related-pages.ts';
import type { Dependencies } from '../dependencies.ts';
import { withHeartbeat } from '../heartbeat.ts';
import { exportAdded } from '../plugins/export-added.ts';
import { readActions } from '../plugins/read-actions.ts';
import type { PlanVolumesInput, PlanVolumesResult } from '../volume-contract.ts';
import { ensureMasterKey } from './master-key.ts';

/** See `VolumeActivities.planVolumes`. */
export function planVolumes(deps: Dependencies, run: PlanVolumesInput): Promise<PlanVolumesResult> {
  return withHeartbeat(async ({ signal }) => {
    const [plan, claim] = await Promise.all([readPlan(deps, run), readBackupClaim(deps, run)]);
    const hooked = new HookedPods(claim.spec.hooks);
    const notes = await volumeNotes(deps, { run, plan, hooked }, signal);
    const { volumes: covered } = coverageReport({
      ...{ spec: claim.spec, plan, notes, captured: new Map() },
      isCopied: () => true,
    });
    const { volumeVerification: verification = DEFAULT_VOLUME_VERIFICATION } = claim.spec;
    const volumes = planned(covered.items, notes.claims);
    const batches = hookedBatches(volumes, hooked.all(volumes));
    const store = deps.store(run.location);
    if (volumes.length > 0 && !(await hasRepositories(store, claim.cluster.uid))) {
      await ensureMasterKey(deps.cluster, deps.namespace);
    }
    for (const [batch, part] of batches.entries()) {
      const key = volumeBatchKey(backupFolder(run.name), { runUid: run.runUid, batch });
      await writeJsonGz(store, key, {
        cluster: claim.spec.cluster,
        clusterUid: claim.cluster.uid,
        verification,
        ...part,
      } satisfies CopyBatch);
    }
    return { volumes: volumes.length, batches: batches.length };
  });
}

/**
 * Whether the location has repositories of the cluster. They were made with a master key: one that is not there any more
 * was lost, and has to be put back, as another one would open none of them.
 */
async function hasRepositories(store: ObjectStore, clusterUid: string): Promise<boolean> {
  for await (const page of store.list(repositoriesOf(clusterUid))) {
    if (page.length > 0) {
      return true;
    }
  }
  return false;
}

function isOfVolumes({ type, isOtherVersion }: ExportUnit): boolean {
  return isOtherVersion !== true && VOLUME_TYPES.includes(groupResource(type));
}

interface VolumesOf {
  readonly run: PlanVolumesInput;
  readonly plan: ExportPlan;
  readonly hooked: HookedPods;
}

/** What the pods, claims and volumes of a backup say, by the listings that the export makes of them. */
async function volumeNotes(
  deps: Dependencies,
  { run, plan, hooked }: VolumesOf,
  signal: AbortSignal,
): Promise<BackupNotes> {
  const { cluster } = deps;
  const { shards, selection: whole } = plan;
  const related = whole.related.filter(({ name }) => VOLUME_TYPES.includes(name));
  const selection: PlannedSelection = { ...whole, related };
  const problems = new ProblemList({ isPatient: isPatient() });
  const notes = new NoteTaker(
    related.map(({ name }) => name),
    (pod, isKept) => {
      hooked.see(pod, isKept);
    },
  );
  const actions = await readActions(deps, run, { plan, problems });
  const source = {
    ...{ selection, signal, isMixedAllowed: !isPatient(), problems, notes },
    // What plugins leave out has no volumes.
    ...(actions === undefined ? {} : { actions }),
  };
  const units = shards.flatMap((shard) => shard.units).filter(isOfVolumes);
  const { plugins: rounds = [] } = run;
  const met = new Set<string>();
  for (const pages of [
    exportPages(cluster, { ...source, units }),
    exportAdded(deps, { run, rounds, plan, met, types: VOLUME_TYPES }, source),
    relatedPages(cluster, { ...source, met }),
  ]) {
    // Listing them is what fills the notes.
    while ((await pages.next()).done !== true) {
      signal.throwIfAborted();
    }
  }
  return notes.notes(problems.all());
}
