import { isCustom } from '../built-in-groups.ts';
import { groupResource } from '../item.ts';
import { isNamedBy, parsePriorities } from './restore-priorities.ts';

/**
 * The order in which types are restored, as waves: everything of one wave may be applied at the same time, and a
 * wave begins when the one before it has ended and its gate is open. Source of the order: Velero's default
 * priorities (its pkg/cmd/server/config/config.go), with the types that need each other gathered. What no wave names
 * is in `rest`, or in `custom` when its group is none of Kubernetes' own: after the objects of its controller.
 */
const RESTORE_WAVES = [
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
  { name: 'custom', types: [] },
  {
    name: 'late',
    types: [
      ...['clusterbootstraps.run.tanzu.vmware.com', 'clusters.cluster.x-k8s.io'],
      ...['clusterresourcesets.addons.cluster.x-k8s.io', 'apps.kappctrl.k14s.io'],
      ...['packageinstalls.packaging.carvel.dev'],
    ],
  },
  {
    name: 'webhooks',
    types: [
      ...['mutatingwebhookconfigurations.admissionregistration.k8s.io'],
      ...['validatingwebhookconfigurations.admissionregistration.k8s.io'],
      // Without their parameters, which may be custom resources, these may deny everything.
      ...['mutatingadmissionpolicies.admissionregistration.k8s.io'],
      ...['mutatingadmissionpolicybindings.admissionregistration.k8s.io'],
      ...['validatingadmissionpolicies.admissionregistration.k8s.io'],
      ...['validatingadmissionpolicybindings.admissionregistration.k8s.io'],
      ...['apiservices.apiregistration.k8s.io'],
    ],
  },
] as const satisfies readonly { readonly name: string; readonly types: readonly string[] }[];

/** Waves that stay before what a request names: what is in a namespace cannot be created without it. */
const FIRST_WAVES = 2;

/** Types that no restore touches. Source: Velero's restore_controller.go, `nonRestorableResources`. */
export const NOT_RESTORED: ReadonlySet<string> = new Set([
  ...['nodes', 'events', 'events.events.k8s.io', 'csinodes.storage.k8s.io'],
  ...['volumeattachments.storage.k8s.io', 'backups.velero.io', 'restores.velero.io'],
  ...['resticrepositories.velero.io', 'backuprepositories.velero.io'],
]);

/** A type, and where it is known its kind, which is the singular that people also write. */
interface OrderedType {
  readonly group: string;
  readonly resource: string;
  readonly kind?: string;
}

/** The waves of one restore, and which of them a type belongs to. */
export interface RestoreOrder {
  readonly waves: readonly string[];
  /** A position in `waves`. */
  readonly positionOf: (type: OrderedType) => number;
}

/**
 * The order of a restore: the table, changed by the priorities that a request names. The named types come first, each
 * in a wave of its own, or last after the `-`. Definitions and namespaces stay before them, as in Velero, and webhook
 * configurations, admission policies and API services after them, since they can stop everything else: to name these
 * moves nothing.
 */
export function restoreOrder(priorities = ''): RestoreOrder {
  const { first, last } = parsePriorities(priorities);
  const webhooks = RESTORE_WAVES.slice(-1);
  const waves = [
    ...RESTORE_WAVES.slice(0, FIRST_WAVES),
    ...first.map((name) => ({ name, types: [], isNamed: true })),
    ...RESTORE_WAVES.slice(FIRST_WAVES, -1),
    ...last.map((name) => ({ name, types: [], isNamed: true })),
    ...webhooks,
  ].map((wave) => ({ isNamed: false, ...wave, types: new Set<string>(wave.types) }));
  const find = (type: OrderedType): number => {
    const name = groupResource(type);
    const listed = waves.findIndex((wave) => wave.types.has(name));
    if (listed === waves.length - 1 || (listed >= 0 && listed < FIRST_WAVES)) {
      return listed;
    }
    const named = waves.findIndex((wave) => wave.isNamed && isNamedBy(type, wave.name));
    const other = isCustom(type) ? 'custom' : 'rest';
    const rest = waves.findIndex((wave) => !wave.isNamed && wave.name === other);
    return [named, listed, rest].find((position) => position >= 0) ?? 0;
  };
  const known = new Map<string, number>();
  return {
    waves: waves.map(({ name }) => name),
    positionOf: (type) => {
      const name = groupResource(type);
      const position = known.get(name) ?? find(type);
      known.set(name, position);
      return position;
    },
  };
}
