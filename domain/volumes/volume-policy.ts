import type { VolumePolicy } from './resource-policy.ts';
import type { CapacityRange, VolumeConditions } from './volume-conditions.ts';
import type {
  ClaimFacts,
  NetworkSource,
  PersistentVolumeFacts,
  PodVolume,
} from './volume-facts.ts';
import { volumeTypeOfSource } from './volume-type.ts';

/** What the conditions of volume policies look at. */
export interface VolumeTraits extends NetworkSource {
  /** 0 where nobody says, as in Velero. */
  readonly capacityBytes: number;
  readonly storageClass?: string;
  /** Velero's words for it; a claim that is made for a pod is `ephemeral` beside the kind of its volume. */
  readonly types: readonly string[];
  readonly claim?: Pick<ClaimFacts, 'labels' | 'phase' | 'volumeMode' | 'accessModes'>;
}

type ConditionName = keyof VolumeConditions;
type Condition<Name extends ConditionName> = (
  volume: VolumeTraits,
  asked: NonNullable<VolumeConditions[Name]>,
) => boolean;

/** Each condition by Velero's rules (internal/resourcepolicies/volume_resources.go); an empty list asks nothing. */
const CONDITIONS: { readonly [Name in ConditionName]: Condition<Name> } = {
  capacity: ({ capacityBytes }, range) => isInRange(capacityBytes, range),
  storageClass: ({ storageClass }, asked) => isOneOf(asked, storageClass),
  nfs: ({ nfs }, { server = '', path = '' }) =>
    nfs !== undefined && isAsked(server, nfs.server) && isAsked(path, nfs.path),
  csi: ({ csi }, { driver = '', volumeAttributes = {} }) =>
    csi !== undefined &&
    isAsked(driver, csi.driver) &&
    hasAll(csi.volumeAttributes, volumeAttributes),
  volumeTypes: ({ types }, asked) => overlap(asked, types),
  pvcLabels: ({ claim }, asked) => hasAll(claim?.labels ?? {}, asked),
  pvcPhase: ({ claim }, asked) => isOneOf(asked, claim?.phase),
  pvcVolumeMode: ({ claim }, asked) => isOneOf(asked, claim?.volumeMode),
  pvcAccessModes: ({ claim }, asked) => overlap(asked, claim?.accessModes ?? []),
};

/** The first policy of which a volume meets every condition. */
export function matchPolicy(
  policies: readonly VolumePolicy[],
  volume: VolumeTraits,
): VolumePolicy | undefined {
  return policies.find(({ conditions }) => meetsAll(conditions, volume));
}

/** The traits of a volume that is claimed; a claim without a volume stands for what it asks for. */
export function claimTraits(
  claim: ClaimFacts,
  persistentVolume: PersistentVolumeFacts | undefined,
  isMadeForPod: boolean,
): VolumeTraits {
  const { capacityBytes = claim.requestedBytes, nfs, csi, type } = persistentVolume ?? {};
  const storageClass =
    persistentVolume === undefined ? claim.storageClass : persistentVolume.storageClass;
  return {
    capacityBytes,
    ...(storageClass === undefined ? {} : { storageClass }),
    ...(nfs === undefined ? {} : { nfs }),
    ...(csi === undefined ? {} : { csi }),
    types: [...(type === undefined ? [] : [type]), ...(isMadeForPod ? ['ephemeral'] : [])],
    claim,
  };
}

/** The traits of a volume that a pod has without a claim. */
export function podVolumeTraits({ source, nfs, csi }: PodVolume): VolumeTraits {
  return {
    capacityBytes: 0,
    ...(nfs === undefined ? {} : { nfs }),
    ...(csi === undefined ? {} : { csi }),
    types: [volumeTypeOfSource(source)],
  };
}

function meetsAll(conditions: VolumeConditions, volume: VolumeTraits): boolean {
  // The names of the conditions are the keys of the table.
  const names = Object.keys(conditions) as ConditionName[];
  return names.every((name) => meets(name, conditions[name], volume));
}

function meets<Name extends ConditionName>(
  name: Name,
  asked: VolumeConditions[Name],
  volume: VolumeTraits,
): boolean {
  const condition: Condition<Name> = CONDITIONS[name];
  return asked === undefined || condition(volume, asked);
}

function isInRange(bytes: number, { lowBytes, highBytes = Infinity }: CapacityRange): boolean {
  return lowBytes <= bytes && bytes <= highBytes;
}

function isOneOf(asked: readonly string[], value: string | undefined): boolean {
  return asked.length === 0 || (value !== undefined && asked.includes(value));
}

function overlap(asked: readonly string[], values: readonly string[]): boolean {
  return asked.length === 0 || values.some((value) => asked.includes(value));
}

/** An empty text asks nothing. */
function isAsked(asked: string, value: string): boolean {
  return asked === '' || asked === value;
}

function hasAll(
  values: Readonly<Record<string, string>>,
  asked: Readonly<Record<string, string>>,
): boolean {
  return Object.entries(asked).every(([name, value]) => values[name] === value);
}
