import { type Fields, fields, list, nameOf } from '../fields.ts';
import type { KubernetesObject } from '../item.ts';
import { parseQuantity } from '../quantity.ts';
import { type VolumeType, volumeTypeOf } from './volume-type.ts';

const REQUESTED_ANNOTATION = 'backup.velero.io/backup-volumes';
const EXCLUDED_ANNOTATION = 'backup.velero.io/backup-volumes-excludes';

/** A pod as far as the choice of volumes looks at it. */
export interface PodFacts {
  readonly namespace: string;
  readonly name: string;
  readonly phase: string;
  readonly node?: string;
  readonly volumes: readonly PodVolume[];
  /** Names of volumes that the pod asks to be copied. */
  readonly requested: readonly string[];
  /** Names of volumes that the pod leaves out. */
  readonly excluded: readonly string[];
}

/** A volume of a pod. */
export interface PodVolume extends NetworkSource {
  readonly name: string;
  /** The field that says where it comes from: `persistentVolumeClaim`, `emptyDir`. */
  readonly source: string;
  /** The claim that it mounts, a claim that is made for the pod as well. */
  readonly claimName?: string;
}

/** What volume policies compare of a volume's storage. */
export interface NetworkSource {
  readonly nfs?: { readonly server: string; readonly path: string };
  readonly csi?: {
    readonly driver: string;
    readonly volumeAttributes: Readonly<Record<string, string>>;
  };
}

/** A claim as far as the choice of volumes looks at it. */
export interface ClaimFacts {
  readonly namespace: string;
  readonly name: string;
  readonly uid: string;
  readonly phase: string;
  /** The persistent volume that it is bound to; left out while there is none. */
  readonly volumeName?: string;
  readonly storageClass?: string;
  readonly labels: Readonly<Record<string, string>>;
  readonly requestedBytes: number;
  readonly volumeMode: string;
  readonly accessModes: readonly string[];
}

/** A persistent volume as far as the choice of volumes looks at it. */
export interface PersistentVolumeFacts extends NetworkSource {
  readonly name: string;
  readonly capacityBytes: number;
  readonly storageClass?: string;
  /** Left out for a kind that Velero has no word for. */
  readonly type?: VolumeType;
  readonly claim?: { readonly namespace: string; readonly name: string };
}

/** The facts of a pod. */
export function podFacts({ metadata, ...pod }: KubernetesObject): PodFacts {
  const { nodeName, volumes } = fields(pod['spec']);
  const annotations = metadata.annotations ?? {};
  return {
    namespace: metadata.namespace ?? '',
    name: metadata.name,
    phase: phaseOf(pod),
    ...named('node', nodeName),
    volumes: list(volumes).map((volume) => podVolume(fields(volume), metadata.name)),
    requested: namesIn(annotations[REQUESTED_ANNOTATION]),
    excluded: namesIn(annotations[EXCLUDED_ANNOTATION]),
  };
}

/** Whether a pod has ended for good, so that nothing in it runs or is mounted any more. */
export function hasEnded({ phase }: Pick<PodFacts, 'phase'>): boolean {
  return phase === 'Succeeded' || phase === 'Failed';
}

/** The phase in the status of a pod or of a claim; empty where there is none. */
export function phaseOf(object: Fields): string {
  return textOf(fields(object['status'])['phase']);
}

/** The facts of a claim. */
export function claimFacts({ metadata, ...claim }: KubernetesObject): ClaimFacts {
  const { volumeName, storageClassName, resources, volumeMode, accessModes } = fields(
    claim['spec'],
  );
  return {
    namespace: metadata.namespace ?? '',
    name: metadata.name,
    uid: metadata.uid ?? '',
    phase: phaseOf(claim),
    ...named('volumeName', volumeName),
    ...named('storageClass', storageClassName),
    labels: metadata.labels ?? {},
    requestedBytes: bytesOf(fields(fields(resources)['requests'])['storage']),
    volumeMode: textOf(volumeMode) || 'Filesystem',
    accessModes: list(accessModes).map(textOf),
  };
}

/** The facts of a persistent volume. */
export function persistentVolumeFacts({
  metadata,
  ...volume
}: KubernetesObject): PersistentVolumeFacts {
  const spec = fields(volume['spec']);
  const type = volumeTypeOf(spec);
  const claim = fields(spec['claimRef']);
  return {
    name: metadata.name,
    capacityBytes: bytesOf(fields(spec['capacity'])['storage']),
    ...named('storageClass', spec['storageClassName']),
    ...(type === undefined ? {} : { type }),
    ...networkSource(spec),
    ...(nameOf(claim) === ''
      ? {}
      : { claim: { namespace: textOf(claim['namespace']), name: nameOf(claim) } }),
  };
}

function podVolume(volume: Fields, podName: string): PodVolume {
  const name = nameOf(volume);
  const source = Object.keys(volume).find((field) => field !== 'name') ?? 'emptyDir';
  const claimName =
    source === 'ephemeral' ? `${podName}-${name}` : fields(volume[source])['claimName'];
  return { name, source, ...named('claimName', claimName), ...networkSource(volume) };
}

function networkSource(spec: Fields): NetworkSource {
  const nfs = fields(spec['nfs']);
  const csi = fields(spec['csi']);
  const attributes = Object.entries(fields(csi['volumeAttributes']));
  return {
    ...(spec['nfs'] === undefined
      ? {}
      : { nfs: { server: textOf(nfs['server']), path: textOf(nfs['path']) } }),
    ...(spec['csi'] === undefined
      ? {}
      : {
          csi: {
            driver: textOf(csi['driver']),
            volumeAttributes: Object.fromEntries(
              attributes.map(([name, value]) => [name, textOf(value)]),
            ),
          },
        }),
  };
}

function namesIn(annotation = ''): string[] {
  return annotation
    .split(',')
    .map((name) => name.trim())
    .filter((name) => name !== '');
}

/** A field with a text, or none where the text is missing or empty. */
function named<Name extends string>(name: Name, value: unknown): Partial<Record<Name, string>> {
  const text = textOf(value);
  // A computed name is any text to the compiler.
  return (text === '' ? {} : { [name]: text }) as Partial<Record<Name, string>>;
}

function textOf(value: unknown): string {
  return typeof value === 'string' ? value : '';
}

/** A size that cannot be read counts as none, as Velero has it for volumes of pods. */
function bytesOf(value: unknown): number {
  return parseQuantity(textOf(value)) ?? 0;
}
