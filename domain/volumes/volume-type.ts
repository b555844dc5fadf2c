import type { Fields } from '../fields.ts';

/** Velero's words for kinds of volume (internal/resourcepolicies/volume_types_conditions.go). */
export const VOLUME_TYPES = [
  'awsAzureDisk',
  'awsElasticBlockStore',
  'azureDisk',
  'azureFile',
  'cephfs',
  'cinder',
  'configMap',
  'csi',
  'downwardAPI',
  'emptyDir',
  'ephemeral',
  'fc',
  'flexVolume',
  'flocker',
  'gcePersistentDisk',
  'gitRepo',
  'glusterfs',
  'hostPath',
  'iscsi',
  'local',
  'nfs',
  'photonPersistentDisk',
  'portworxVolume',
  'projected',
  'quobyte',
  'rbd',
  'scaleIO',
  'secret',
  'storageOS',
  'vsphereVolume',
] as const;
export type VolumeType = (typeof VOLUME_TYPES)[number];

/** Kubernetes writes this one otherwise than Velero. */
const STORAGE_OS_FIELD = 'storageos';

/** The kind of a persistent volume, from its spec; undefined for one that Velero has no word for. */
export function volumeTypeOf(spec: Fields): VolumeType | undefined {
  return VOLUME_TYPES.find((type) => {
    const source = spec[type === 'storageOS' ? STORAGE_OS_FIELD : type];
    return typeof source === 'object' && source !== null;
  });
}

/** The kind of a pod's volume, from the word of its source. */
export function volumeTypeOfSource(source: string): string {
  return source === STORAGE_OS_FIELD ? 'storageOS' : source;
}
