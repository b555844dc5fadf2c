import { groupResource } from './item.ts';

/**
 * The order in which types are restored, as waves: everything of one wave may be applied at the same time, and a
 * wave begins when the one before it has ended and its gate is open. Source of the order: Velero's default
 * priorities (its pkg/cmd/server/config/config.go), with the types that need each other gathered.
 */
export const RESTORE_WAVES = [
  { name: 'definitions', types: ['customresourcedefinitions.apiextensions.k8s.io'] },
  { name: 'namespaces', types: ['namespaces'] },
  {
    name: 'classes',
    types: [
      ...['storageclasses.storage.k8s.io', 'volumesnapshotclasses.snapshot.storage.k8s.io'],
      ...[
        'volumesnapshotcontents.snapshot.storage.k8s.io',
        'volumesnapshots.snapshot.storage.k8s.io',
      ],
      ...['priorityclasses.scheduling.k8s.io', 'ingressclasses.networking.k8s.io'],
      ...['runtimeclasses.node.k8s.io', 'persistentvolumes'],
    ],
  },
  { name: 'claims', types: ['persistentvolumeclaims'] },
  {
    name: 'access',
    types: [
      ...['clusterroles.rbac.authorization.k8s.io', 'roles.rbac.authorization.k8s.io'],
      ...['serviceaccounts', 'secrets', 'configmaps', 'limitranges'],
    ],
  },
  {
    name: 'bindings',
    types: [
      ...['clusterrolebindings.rbac.authorization.k8s.io'],
      ...['rolebindings.rbac.authorization.k8s.io'],
    ],
  },
  { name: 'pods', types: ['pods'] },
  {
    name: 'workloads',
    types: ['replicasets.apps', 'clusterclasses.cluster.x-k8s.io', 'endpoints', 'services'],
  },
  { name: 'rest', types: [] },
  {
    name: 'late',
    types: [
      ...['clusterbootstraps.run.tanzu.vmware.com', 'clusters.cluster.x-k8s.io'],
      ...['clusterresourcesets.addons.cluster.x-k8s.io', 'apps.kappctrl.k14s.io'],
      ...['packageinstalls.packaging.carvel.dev'],
    ],
  },
  {
    name: 'later',
    types: ['clusterresourcesetbindings.addons.cluster.x-k8s.io'],
  },
  {
    name: 'webhooks',
    types: [
      ...['mutatingwebhookconfigurations.admissionregistration.k8s.io'],
      ...['validatingwebhookconfigurations.admissionregistration.k8s.io'],
      ...['apiservices.apiregistration.k8s.io'],
    ],
  },
] as const satisfies readonly { readonly name: string; readonly types: readonly string[] }[];

const REST_WAVE = RESTORE_WAVES.findIndex((wave) => wave.name === 'rest');

const WAVE_OF_TYPE: ReadonlyMap<string, number> = new Map(
  RESTORE_WAVES.flatMap((wave, index) => wave.types.map((type) => [type, index] as const)),
);

/** Types that no restore touches. Source: Velero's restore_controller.go, `nonRestorableResources`. */
export const NOT_RESTORED: ReadonlySet<string> = new Set([
  ...['nodes', 'events', 'events.events.k8s.io', 'csinodes.storage.k8s.io'],
  ...['volumeattachments.storage.k8s.io', 'backups.velero.io', 'restores.velero.io'],
  ...['resticrepositories.velero.io', 'backuprepositories.velero.io'],
]);

/** The wave of a type, as a position in `RESTORE_WAVES`. */
export function waveOf(type: { group: string; resource: string }): number {
  return WAVE_OF_TYPE.get(groupResource(type)) ?? REST_WAVE;
}
