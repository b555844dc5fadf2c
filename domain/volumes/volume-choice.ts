import { compareText } from '../compare-text.ts';
import type { CoverageReason, VolumeCoverage, VolumesCoverage } from '../coverage.ts';
import {
  askedBy,
  decideClaim,
  decidePodVolume,
  type Mount,
  type VolumeRequest,
} from './volume-decision.ts';
import {
  type ClaimFacts,
  hasEnded,
  type PersistentVolumeFacts,
  type PodFacts,
} from './volume-facts.ts';

/** Volumes that are made anew and have a row; every pod has one with its token, and one is like another. */
const MADE_ANEW_ROWS_MAX = 1000;

/** What the choice is made from. */
export interface VolumeSource extends VolumeRequest {
  /** The pods of the backup. */
  readonly pods: readonly PodFacts[];
  /** The claims of the backup. */
  readonly claims: readonly ClaimFacts[];
  /** Claims that were listed and left out, as `namespace/name`, and why. */
  readonly absentClaims: ReadonlyMap<string, CoverageReason>;
  /** Whether the backup takes the claims of its pods, so that one that is in neither list does not exist. */
  readonly areClaimsTaken: boolean;
  readonly persistentVolumes: readonly PersistentVolumeFacts[];
  /** Whether the data of a chosen volume is in the backup; left out while no data is copied at all. */
  readonly isCopied?: (volume: VolumeCoverage) => boolean;
}

/** What is known of one claim: its name, its facts where there is such a claim, and who mounts it. */
interface ClaimEntry {
  readonly namespace: string;
  readonly name: string;
  claim: ClaimFacts | undefined;
  isMadeForPod: boolean;
  readonly mounts: Mount[];
}

/**
 * Every volume that could hold data, once, and what becomes of it: each claim of the backup or of a pod, and each other
 * volume of a pod. Where several pods mount a claim, its row names the first of them that asks for it, else the first
 * that does not leave it out, else the first.
 */
export function coverVolumes(source: VolumeSource): VolumesCoverage {
  // A listing that expired and went on may have a pod twice.
  const pods = [...new Map(source.pods.map((pod) => [placeKey(pod), pod])).values()].sort(
    (left, right) =>
      compareText(left.namespace, right.namespace) || compareText(left.name, right.name),
  );
  const rows = [...claimRows(pods, source), ...podVolumeRows(pods, source)].map((row) =>
    row.reason !== undefined || source.isCopied?.(row) === true
      ? row
      : ({ ...row, reason: 'not-copied' } as const),
  );
  return summary(rows.sort(byPlace));
}

function claimRows(pods: readonly PodFacts[], source: VolumeSource): VolumeCoverage[] {
  const volumes = new Map(source.persistentVolumes.map((volume) => [volume.name, volume]));
  return [...claimEntries(pods, source.claims).values()].map((entry) => {
    const { claim } = entry;
    const mount = decidingMount(entry.mounts, source);
    const volumeName = claim?.volumeName;
    const persistentVolume = volumes.get(volumeName ?? '');
    return {
      namespace: entry.namespace,
      ...(mount === undefined ? {} : { pod: mount.pod.name, volume: mount.volume.name }),
      claim: entry.name,
      ...(volumeName === undefined ? {} : { persistentVolume: volumeName }),
      source: entry.isMadeForPod ? 'ephemeral' : 'persistentVolumeClaim',
      ...(claim === undefined
        ? ({ action: 'none', reason: whyAbsent(entry, source) } as const)
        : decideClaim({ ...entry, claim, persistentVolume, mount }, source)),
    };
  });
}

/** All claims there are, and all that pods name; pods that have ended name theirs without mounting them. */
function claimEntries(
  pods: readonly PodFacts[],
  claims: readonly ClaimFacts[],
): Map<string, ClaimEntry> {
  const entries = new Map<string, ClaimEntry>();
  const entryOf = (namespace: string, name: string): ClaimEntry => {
    const key = placeKey({ namespace, name });
    const fresh = { namespace, name, claim: undefined, isMadeForPod: false, mounts: [] };
    const entry = entries.get(key) ?? fresh;
    entries.set(key, entry);
    return entry;
  };
  for (const claim of claims) {
    entryOf(claim.namespace, claim.name).claim = claim;
  }
  for (const pod of pods) {
    for (const volume of pod.volumes) {
      if (volume.claimName !== undefined) {
        const entry = entryOf(pod.namespace, volume.claimName);
        entry.isMadeForPod ||= volume.source === 'ephemeral';
        entry.mounts.push(...(hasEnded(pod) ? [] : [{ pod, volume }]));
      }
    }
  }
  return entries;
}

/** Why a claim that a pod names is not in the backup. */
function whyAbsent(
  entry: ClaimEntry,
  { absentClaims, areClaimsTaken }: VolumeSource,
): CoverageReason {
  const unknown = areClaimsTaken ? 'claim-missing' : 'claim-not-selected';
  return absentClaims.get(placeKey(entry)) ?? unknown;
}

function decidingMount(mounts: readonly Mount[], request: VolumeRequest): Mount | undefined {
  return (
    mounts.find((mount) => askedBy(mount, request) === 'in') ??
    mounts.find((mount) => askedBy(mount, request) === undefined) ??
    mounts[0]
  );
}

function podVolumeRows(pods: readonly PodFacts[], request: VolumeRequest): VolumeCoverage[] {
  return pods.flatMap((pod) =>
    pod.volumes
      .filter(({ claimName }) => claimName === undefined)
      .map((volume) => ({
        namespace: pod.namespace,
        pod: pod.name,
        volume: volume.name,
        source: volume.source,
        ...decidePodVolume({ pod, volume }, request),
      })),
  );
}

function summary(rows: readonly VolumeCoverage[]): VolumesCoverage {
  const leftOut: Partial<Record<CoverageReason, number>> = {};
  const items: VolumeCoverage[] = [];
  for (const row of rows) {
    const count = row.reason === undefined ? 0 : (leftOut[row.reason] ?? 0) + 1;
    if (row.reason !== undefined) {
      leftOut[row.reason] = count;
    }
    if (row.reason !== 'made-anew' || count <= MADE_ANEW_ROWS_MAX) {
      items.push(row);
    }
  }
  return { captured: rows.filter(({ reason }) => reason === undefined).length, items, leftOut };
}

function byPlace(left: VolumeCoverage, right: VolumeCoverage): number {
  return (
    compareText(left.namespace, right.namespace) ||
    compareText(left.claim ?? left.pod, right.claim ?? right.pod) ||
    compareText(left.claim, right.claim) ||
    compareText(left.volume, right.volume)
  );
}

function placeKey({ namespace, name }: { namespace: string; name: string }): string {
  return `${namespace}/${name}`;
}
