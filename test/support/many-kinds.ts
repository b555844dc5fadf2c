import { readFile } from 'node:fs/promises';

import { type Applied, applyYaml } from './applied-yaml.ts';
import { kubectl } from './kubectl.ts';

/**
 * Puts an object of nearly every kind that Kubernetes serves into a namespace and beside it, custom resources and what
 * nothing refers to among them. Of its pods only that of a job runs, which then is done.
 */
export async function applyManyKinds(namespace: string): Promise<Applied> {
  const definitions = await applyYaml(await manifest('many-kinds-definitions', namespace));
  await kubectl(
    ...['wait', '--for=condition=Established', '--timeout=60s', 'crd'],
    ...['tills', 'depots'].map((plural) => `${plural}.${namespace}.holdfast.test`),
  );
  const objects = await applyYaml(await manifest('many-kinds', namespace));
  await kubectl('-n', namespace, 'wait', '--for=condition=Complete', 'job/done', '--timeout=60s');
  return {
    remove: async () => {
      await objects.remove();
      await definitions.remove();
    },
  };
}

async function manifest(name: string, namespace: string): Promise<string> {
  const file = new URL(`../testbed/manifests/${name}.yaml`, import.meta.url);
  const text = await readFile(file, 'utf8');
  return text.replaceAll('NAMESPACE', namespace).replaceAll('NUMBER', String(process.pid % 256));
}
