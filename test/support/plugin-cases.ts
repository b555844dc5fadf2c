import { expect } from 'vitest';

import type { PluginAction } from '../../domain/plugins/contract.ts';
import { applyYaml } from './applied-yaml.ts';
import type { Installation } from './installation.ts';
import { type PluginWorker, startPlugin } from './plugin-worker.ts';
import { TestPlugin } from './test-plugin.ts';

/**
 * A plugin for each of some cases, named after it, registered and served by a worker of its own. It sees the ConfigMaps that
 * have the case as their label, and says that an operation of this name goes on.
 */
export class PluginCases<Case extends string> {
  readonly #plugins = new Map<Case, TestPlugin>();
  readonly #workers = new Map<Case, PluginWorker>();

  /** `actions` are those of a description, with the action that sees the ConfigMaps of a case. */
  static async register<Case extends string>(
    installation: Installation,
    cases: readonly Case[],
    actions: (action: PluginAction, name: Case) => object,
  ): Promise<PluginCases<Case>> {
    const all = new PluginCases<Case>();
    await Promise.all(
      cases.map((name) => all.#register(installation, name, actions(actionOf(name), name))),
    );
    return all;
  }

  plugin(name: Case): TestPlugin {
    const found = this.#plugins.get(name);
    if (found === undefined) {
      throw new Error(`no plugin ${name}`);
    }
    return found;
  }

  /** Ends the worker of a plugin for good. */
  async stop(name: Case): Promise<void> {
    await this.#workers.get(name)?.stop();
    this.#workers.delete(name);
  }

  async stopAll(): Promise<void> {
    await Promise.all([...this.#workers.values()].map((worker) => worker.stop()));
  }

  async #register(installation: Installation, name: Case, actions: object): Promise<void> {
    const plugin = new TestPlugin({ contract: 'v1', ...actions });
    plugin.answer = () => ({ operation: { id: name } });
    this.#plugins.set(name, plugin);
    this.#workers.set(name, await startPlugin(installation, name, plugin.activities));
    const spec = { cluster: installation.name, unavailableTimeout: '3s' };
    const answer = await installation.request('POST', '/plugins', { metadata: { name }, spec });
    expect(answer.status).toBe(201);
  }
}

function actionOf(name: string): PluginAction {
  const labelSelector = { matchLabels: { case: name } };
  return { name: 'move', selector: { includedResources: ['configmaps'], labelSelector } };
}

/** Makes ConfigMaps of which the part of the name before a dash is the case. */
export async function applyCases(namespace: string, names: readonly string[]): Promise<void> {
  const objects = names.map((name) => ({
    ...{ apiVersion: 'v1', kind: 'ConfigMap', data: { a: 'b' } },
    metadata: { name, namespace, labels: { case: name.split('-')[0] } },
  }));
  await applyYaml(objects.map((object) => JSON.stringify(object)).join('\n---\n'));
}
