import { setTimeout as sleep } from 'node:timers/promises';

import { type Applied, applyYaml } from './applied-yaml.ts';
import { startProxy } from './kubectl-proxy.ts';

const AGGREGATED = 'application/json;g=apidiscovery.k8s.io;v=v2;as=APIGroupDiscoveryList';
const POLL_MS = 200;
const WAIT_MS = 60_000;

/**
 * Registers an API group whose server does not exist, and waits until discovery names it and says that it is stale;
 * `remove` waits until discovery forgets it. Meanwhile no namespace of the cluster can be deleted, because the cluster
 * cannot tell what is in it: remove it soon.
 */
export async function registerDeadApiService(group = 'dead.holdfast.test'): Promise<Applied> {
  const service = await applyYaml(manifestOf(group));
  const remove = async (): Promise<void> => {
    await service.remove();
    await awaitFreshness(group, undefined);
  };
  try {
    await awaitFreshness(group, 'Stale');
  } catch (error) {
    await remove();
    throw error;
  }
  return { remove };
}

function manifestOf(group: string): string {
  return `
apiVersion: apiregistration.k8s.io/v1
kind: APIService
metadata: {name: v1.${group}}
spec:
  group: ${group}
  version: v1
  groupPriorityMinimum: 100
  versionPriority: 100
  insecureSkipTLSVerify: true
  service: {namespace: default, name: nobody}
`;
}

/** Waits until discovery says this of the group's version; undefined: until it does not name the group. */
async function awaitFreshness(group: string, wanted: string | undefined): Promise<void> {
  const proxy = await startProxy();
  try {
    const deadline = Date.now() + WAIT_MS;
    while ((await freshnessOf(group, proxy.url)) !== wanted) {
      if (Date.now() > deadline) {
        throw new Error(`discovery does not say ${wanted ?? 'nothing'} of ${group} in time`);
      }
      await sleep(POLL_MS);
    }
  } finally {
    proxy.stop();
  }
}

interface GroupDiscoveryList {
  readonly items: readonly {
    readonly metadata: { readonly name?: string };
    readonly versions?: readonly { readonly freshness?: string }[];
  }[];
}

async function freshnessOf(group: string, url: string): Promise<string | undefined> {
  const response = await fetch(`${url}/apis`, { headers: { accept: AGGREGATED } });
  // The API server's own document, in the form that was asked for.
  const { items } = (await response.json()) as GroupDiscoveryList;
  return items.find(({ metadata }) => metadata.name === group)?.versions?.[0]?.freshness;
}
