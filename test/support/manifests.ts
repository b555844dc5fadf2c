import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join, relative } from 'node:path';
import { fileURLToPath } from 'node:url';

import type { Applied } from './applied-yaml.ts';
import { kubectl } from './kubectl.ts';

const MANIFESTS = fileURLToPath(new URL('../../deploy/kubernetes', import.meta.url));

/**
 * Definitions are of all installations of a cluster: one test must not take away what others need. API and workers of an
 * installation are processes of this machine.
 */
const LEFT_OUT = ['CustomResourceDefinition', 'Deployment'];

/** Kustomize wants names here, and goes by those of the target. */
const REMOVAL = JSON.stringify({
  ...{ $patch: 'delete', apiVersion: 'v1', kind: 'Any', metadata: { name: 'any' } },
});

/** What an overlay says, as kustomize has it. */
export interface Overlay {
  readonly namespace: string;
  /** Ends the names of all objects, as roles of the cluster belong to no namespace. */
  readonly nameSuffix: string;
  readonly images?: readonly object[];
  /** Fields of objects, each with what identifies its object. */
  readonly patches?: readonly object[];
  /** Kinds whose objects are not made. */
  readonly without?: readonly string[];
}

/** Applies the manifests of `deploy/` through an overlay, without definitions, API and workers. */
export async function applyManifests(overlay: Overlay): Promise<Applied> {
  const without = [...LEFT_OUT, ...(overlay.without ?? [])];
  const folder = await overlayFolder({ ...overlay, without });
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

/** What a cluster says that it would do with all of the manifests. */
export async function tryManifests(overlay: Overlay): Promise<string> {
  const folder = await overlayFolder(overlay);
  try {
    return await kubectl('apply', '-k', folder, '--dry-run=server');
  } finally {
    await rm(folder, { recursive: true });
  }
}

async function overlayFolder({ patches = [], without = [], ...overlay }: Overlay): Promise<string> {
  const folder = await mkdtemp(join(tmpdir(), 'holdfast-overlay-'));
  const kustomization = {
    ...overlay,
    resources: [relative(folder, MANIFESTS)],
    patches: [
      ...patches.map((patch) => ({ patch: JSON.stringify(patch) })),
      ...without.map((kind) => ({ target: { kind }, patch: REMOVAL })),
    ],
  };
  await writeFile(join(folder, 'kustomization.yaml'), JSON.stringify(kustomization));
  return folder;
}
