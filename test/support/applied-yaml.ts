import { mkdtemp, readFile, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';

import { kubectl } from './kubectl.ts';

/** Objects that were put into the cluster, and can be taken out again. */
export interface Applied {
  /** Deletes them, and does not wait until they are gone. */
  remove(): Promise<void>;
}

/** Applies the objects of a YAML text; all of them, or none. To the test bed's cluster unless another is named. */
export async function applyYaml(yaml: string, kubeconfig?: string): Promise<Applied> {
  const flags = kubeconfig === undefined ? [] : ['--kubeconfig', kubeconfig];
  const folder = await mkdtemp(join(tmpdir(), 'holdfast-apply-'));
  const file = join(folder, 'objects.yaml');
  await writeFile(file, yaml);
  const remove = async (): Promise<void> => {
    await kubectl(...flags, 'delete', '-f', file, '--ignore-not-found', '--wait=false');
    await rm(folder, { recursive: true });
  };
  try {
    await kubectl(...flags, 'apply', '-f', file);
  } catch (error) {
    await remove();
    throw error;
  }
  return { remove };
}

/** Applies a manifest of the test bed, with a name for NAMESPACE and a number of this process for NUMBER. */
export async function applyManifest(
  name: string,
  namespace: string,
  kubeconfig?: string,
): Promise<Applied> {
  const file = new URL(`../testbed/manifests/${name}.yaml`, import.meta.url);
  const text = await readFile(file, 'utf8');
  return applyYaml(
    text.replaceAll('NAMESPACE', namespace).replaceAll('NUMBER', String(process.pid % 256)),
    kubeconfig,
  );
}
