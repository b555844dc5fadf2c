import { compareText } from '../compare-text.ts';
import { type Fields, fields, list } from '../fields.ts';
import { groupResource, type KubernetesObject, type ResourceType } from '../item.ts';

/** Where the pod's own spec is, by type; the types of Velero's change_image_name_action.go. */
const IN_POD = ['spec'];
const IN_TEMPLATE = ['spec', 'template', 'spec'];
const POD_SPECS: Readonly<Record<string, readonly string[]>> = {
  pods: IN_POD,
  replicationcontrollers: IN_TEMPLATE,
  'deployments.apps': IN_TEMPLATE,
  'statefulsets.apps': IN_TEMPLATE,
  'daemonsets.apps': IN_TEMPLATE,
  'replicasets.apps': IN_TEMPLATE,
  'jobs.batch': IN_TEMPLATE,
  'cronjobs.batch': ['spec', 'jobTemplate', ...IN_TEMPLATE],
};

/**
 * Changes the names of images in containers and init containers: the longest part that an image's name has is replaced
 * wherever it stands in it. Velero takes any part that fits. Changes the object.
 */
export function mapImages(
  type: ResourceType,
  object: KubernetesObject,
  mapping: Readonly<Record<string, string>>,
): void {
  const path = POD_SPECS[groupResource(type)];
  const parts = Object.entries(mapping)
    .filter(([part]) => part !== '')
    .sort(([left], [right]) => right.length - left.length || compareText(left, right));
  if (path === undefined || parts.length === 0) {
    return;
  }
  const spec = path.reduce<Fields>((at, field) => fields(at[field]), object);
  const containers = [...list(spec['containers']), ...list(spec['initContainers'])];
  for (const container of containers.map(fields)) {
    const { image } = container;
    const [part, other] =
      parts.find(([one]) => typeof image === 'string' && image.includes(one)) ?? [];
    if (typeof image === 'string' && part !== undefined && other !== undefined) {
      container['image'] = image.replaceAll(part, () => other);
    }
  }
}
