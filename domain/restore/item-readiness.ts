import { fields, list } from '../fields.ts';
import { groupResource, type ItemReference, type KubernetesObject } from '../item.ts';

/** Conditions that say whether an object does what it is for; most types have one of them, or none. */
const READY_CONDITIONS: ReadonlySet<unknown> = new Set(['Ready', 'Available', 'Established']);

/** Says what is missing; undefined where nothing is. */
type Rule = (object: KubernetesObject) => string | undefined;

const WANTED_REPLICAS: Rule = ({ spec, status }) =>
  lacking(fields(spec)['replicas'] ?? 1, fields(status)['readyReplicas']);

/** What some types say of themselves in words of their own. */
const TYPE_RULES: Readonly<Record<string, Rule>> = {
  namespaces: phaseAmong('Active'),
  // One that is pending may wait for its first pod.
  persistentvolumeclaims: phaseAmong('Bound', 'Pending'),
  pods: ({ status }) => (hasCondition(status, 'Ready') ? undefined : 'it is not Ready'),
  'deployments.apps': WANTED_REPLICAS,
  'statefulsets.apps': WANTED_REPLICAS,
  'replicasets.apps': WANTED_REPLICAS,
  'daemonsets.apps': ({ status }) =>
    lacking(fields(status)['desiredNumberScheduled'], fields(status)['numberReady']),
};

/** Why nobody should build upon an item, as the cluster has it; undefined if it is ready. */
export function whyNotReady(
  item: Pick<ItemReference, 'group' | 'resource'>,
  object: KubernetesObject | undefined,
): string | undefined {
  if (object === undefined) {
    return 'it is not there';
  }
  if (object.metadata.deletionTimestamp !== undefined) {
    return 'it is being deleted';
  }
  const type = groupResource(item);
  if (type === 'pods' && fields(object['status'])['phase'] === 'Succeeded') {
    return undefined;
  }
  return unseen(item, object) ?? TYPE_RULES[type]?.(object) ?? unmetCondition(object);
}

/** The controllers of workloads say each time up to which change they have seen the object; of others, some do. */
function unseen({ group }: { readonly group: string }, object: KubernetesObject) {
  const { observedGeneration = group === 'apps' ? 0 : undefined } = fields(object['status']);
  const generation = object.metadata['generation'];
  return typeof observedGeneration === 'number' &&
    typeof generation === 'number' &&
    observedGeneration < generation
    ? 'its controller has not seen it as it is'
    : undefined;
}

function unmetCondition({ status }: KubernetesObject): string | undefined {
  const unmet = conditionsOf(status).find(
    (condition) => READY_CONDITIONS.has(condition['type']) && condition['status'] !== 'True',
  );
  return unmet === undefined ? undefined : `it is not ${String(unmet['type'])}`;
}

function hasCondition(status: unknown, type: string): boolean {
  return conditionsOf(status).some((one) => one['type'] === type && one['status'] === 'True');
}

function conditionsOf(status: unknown) {
  return list(fields(status)['conditions']).map(fields);
}

function phaseAmong(...phases: readonly string[]): Rule {
  return ({ status }) => {
    const { phase } = fields(status);
    const isThere = typeof phase === 'string';
    return isThere && phases.includes(phase)
      ? undefined
      : `it is ${isThere ? phase : 'in no phase'}`;
  };
}

function lacking(wanted: unknown, ready: unknown = 0): string | undefined {
  return Number(ready) < Number(wanted ?? 0)
    ? `${String(ready)} of its ${String(wanted)} replicas are ready`
    : undefined;
}
