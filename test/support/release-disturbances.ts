import { execFile } from 'node:child_process';
import { promisify } from 'node:util';

import { expect } from 'vitest';

import type { ChartRelease } from './chart-release.ts';
import { kubectl } from './kubectl.ts';

/** What runs as a Deployment. */
const DEPLOYED = ['api', 'workflow-worker', 'cluster-worker'] as const;

type Component = (typeof DEPLOYED)[number] | 'node-agent';

/** What may happen to the pods of a release at any time, by the hands of others. */
export class ReleaseDisturbances {
  readonly #release: ChartRelease;

  constructor(release: ChartRelease) {
    this.#release = release;
  }

  /**
   * Kills a pod of each Deployment, evicts the node agent of a node, and gives the API a third pod for as long as all
   * this takes. Ends when all pods are there again, and those that went are gone.
   */
  async all(node: string): Promise<void> {
    const api = `deployment/${await this.#nameOf('deployment', 'api')}`;
    await this.#kubectl('scale', api, '--replicas=3');
    const agent = await this.#podOf('node-agent', `--field-selector=spec.nodeName=${node}`);
    await this.#evict(agent);
    const killed = await Promise.all(DEPLOYED.map((component) => this.#podOf(component)));
    await this.#kubectl('delete', 'pods', ...killed, '--force', '--grace-period=0');
    await this.#kubectl('rollout', 'status', api, '--timeout=120s');
    await this.#kubectl('scale', api, '--replicas=2');
    const gone = [agent, ...killed];
    await expect
      .poll(async () => (await this.#pods()).filter((pod) => gone.includes(pod)), {
        timeout: 120_000,
      })
      .toEqual([]);
    await this.#kubectl('wait', 'pods', '--all', '--for=condition=Ready', '--timeout=120s');
  }

  /** By the API that drains of nodes use, which a PodDisruptionBudget may refuse. */
  async #evict(pod: string): Promise<void> {
    const eviction = { apiVersion: 'policy/v1', kind: 'Eviction', metadata: { name: pod } };
    const path = `/api/v1/namespaces/${this.#release.name}/pods/${pod}/eviction`;
    const child = promisify(execFile)('kubectl', ['create', '--raw', path, '--filename', '-']);
    child.child.stdin?.end(JSON.stringify(eviction));
    await child;
  }

  async #podOf(component: Component, ...flags: readonly string[]): Promise<string> {
    return this.#nameOf('pods', component, ...flags);
  }

  async #nameOf(kind: string, component: Component, ...flags: readonly string[]): Promise<string> {
    const selector = `app.kubernetes.io/component=${component}`;
    const first = 'jsonpath={.items[0].metadata.name}';
    return this.#kubectl('get', kind, '--selector', selector, ...flags, '--output', first);
  }

  async #pods(): Promise<string[]> {
    const names = await this.#kubectl('get', 'pods', '-o', 'jsonpath={.items[*].metadata.name}');
    return names.split(' ');
  }

  #kubectl(...args: readonly string[]): Promise<string> {
    return kubectl('--namespace', this.#release.name, ...args);
  }
}
