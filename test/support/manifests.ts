import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join, relative } from 'node:path';
import { fileURLToPath } from 'node:url';

import type { Applied } from './applied-yaml.ts';
import { kubectl } from './kubectl.ts';

const MANIFESTS = fileURLToPath(new URL('../../deploy/kubernetes', import.meta.url));

/** All installations of a cluster share it: one test must not take away what others need. */
const SHARED = {
  ...{ $patch: 'delete', apiVersion: 'apiextensions.k8s.io/v1', kind: 'CustomResourceDefinition' },
  metadata: { name: 'plugins.holdfast.dev' },
};

/** What an overlay says, as kustomize has it. */
export interface Overlay {
  readonly namespace: string;
  /** Ends the names of all objects, as roles of the cluster belong to no namespace. */
  readonly nameSuffix: string;
  readonly images?: readonly object[];
  /** Fields of objects, each with what identifies its object. */
  readonly patches: readonly object[];
}

/** Applies the manifests of `deploy/` through an overlay, without the definition of plugins. */
export async function applyManifests({ patches, ...overlay }: Overlay): Promise<Applied> {
  const folder = await mkdtemp(join(tmpdir(), 'holdfast-overlay-'));
  const kustomization = {
    ...overlay,
    resources: [relative(folder, MANIFESTS)],
    patches: [...patches, SHARED].map((patch) => ({ patch: JSON.stringify(patch) })),
  };
  await writeFile(join(folder, 'kustomization.yaml'), JSON.stringify(kustomization));
  const remove = async (): Promise<void> => {
    await kubectl('delete', '-k', folder, '--ignore-not-found', '--wait=false');
    await rm(folder, { recursive: true });
  };
  try {
    await kubectl('apply', '-k', folder);
  } catch (error) {
    await remove();
    throw error;
  }
  return { remove };
}
