import { type Applied, applyManifest } from './applied-yaml.ts';
import { kubectl } from './kubectl.ts';

/**
 * Puts an object of nearly every kind that Kubernetes serves into a namespace and beside it, custom resources and what
 * nothing refers to among them. Of its pods only that of a job runs, which then is done.
 */
export async function applyManyKinds(namespace: string): Promise<Applied> {
  const definitions = await applyManifest('many-kinds-definitions', namespace);
  await kubectl(
    ...['wait', '--for=condition=Established', '--timeout=60s', 'crd'],
    ...['tills', 'depots'].map((plural) => `${plural}.${namespace}.holdfast.test`),
  );
  const objects = await applyManifest('many-kinds', namespace);
  await kubectl('-n', namespace, 'wait', '--for=condition=Complete', 'job/done', '--timeout=60s');
  return {
    remove: async () => {
      await objects.remove();
      await definitions.remove();
    },
  };
}
