import { randomUUID } from 'node:crypto';

import {
  API_VERSION,
  type PluginResource,
  type PluginResourceList,
  type RegisterPluginRequest,
} from '../../domain/api-resource.ts';
import { Failure } from '../../domain/failure.ts';
import { completePluginSpec, pluginSpecErrors } from '../../domain/plugins/plugin-spec.ts';
import { type PluginLook, type PluginSummary, summaryOf } from '../../domain/plugins/registry.ts';
import { pluginTaskQueue, pluginWorkflowId } from '../../domain/workflow-id.ts';
import {
  PLUGIN_REGISTRY_WORKFLOW,
  type PluginRegistryAnswers,
  type PluginRegistryInput,
} from '../../workflows/contract.ts';
import { RequestFailure } from '../errors.ts';
import { answerOf } from '../runs/answer-run.ts';
import type { TemporalRuns } from '../runs/temporal.ts';

/** Longer than the steps of a request take together, each of which says by itself what is wrong. */
const WAIT_MS = 35_000;

/** A plugin of a cluster. */
export interface PluginKey {
  readonly cluster: string;
  readonly name: string;
}

/** The registry of plugins. The API has no way into clusters, so a workflow answers each request. */
export class PluginService {
  readonly #temporal: TemporalRuns;
  readonly #ownCluster: string;

  constructor(temporal: TemporalRuns, ownCluster: string) {
    this.#temporal = temporal;
    this.#ownCluster = ownCluster;
  }

  /**
   * Registers a plugin, or registers it anew. Throws `plugin-not-served`, `plugin-failed` and `plugin-answer-invalid`, and
   * like all methods `no-worker` and `timed-out`.
   */
  async register(
    { metadata: { name }, spec = {} }: RegisterPluginRequest,
    signal: AbortSignal,
  ): Promise<{ readonly resource: PluginResource; readonly isNew: boolean }> {
    const { cluster = this.#ownCluster, ...times } = spec;
    const errors = pluginSpecErrors(times);
    if (errors.length > 0) {
      throw new RequestFailure(errors);
    }
    const input = { verb: 'register', cluster, name, spec: completePluginSpec(times) } as const;
    const { plugin, isNew } = await this.#ask(input, signal);
    return { resource: resourceOf(cluster, { plugin, health: { state: 'Ready' } }), isNew };
  }

  /** All plugins of a cluster, by name; whether one is ready is told by whether somebody takes its calls. */
  async list(cluster: string, signal: AbortSignal): Promise<PluginResourceList> {
    const { plugins } = await this.#ask({ verb: 'list', cluster }, signal);
    return {
      ...{ apiVersion: API_VERSION, kind: 'PluginList' },
      items: plugins.map((summary) => listedOf(cluster, summary)),
    };
  }

  /** One plugin, which is asked what it does. Throws `plugin-not-found`. */
  async get({ cluster, name }: PluginKey, signal: AbortSignal): Promise<PluginResource> {
    return resourceOf(cluster, await this.#ask({ verb: 'get', cluster, name }, signal));
  }

  /** Forgets a plugin. Throws `plugin-not-found`. */
  async remove({ cluster, name }: PluginKey, signal: AbortSignal): Promise<void> {
    const { isRemoved } = await this.#ask({ verb: 'remove', cluster, name }, signal);
    if (!isRemoved) {
      const text = `the cluster ${cluster} has no plugin ${name}`;
      throw new Failure('plugin-not-found', text, { subject: name });
    }
  }

  async #ask<Verb extends keyof PluginRegistryAnswers>(
    input: PluginRegistryInput & { readonly verb: Verb },
    signal: AbortSignal,
  ): Promise<PluginRegistryAnswers[Verb]> {
    const { cluster, verb } = input;
    await this.#temporal.requireWorkers(cluster);
    const name = 'name' in input ? input.name : undefined;
    const answer = await answerOf(this.#temporal, {
      workflow: PLUGIN_REGISTRY_WORKFLOW,
      workflowId: pluginWorkflowId(cluster, name, randomUUID()),
      input,
      summary: `Plugins of cluster ${cluster}: ${verb} ${name ?? 'all'}`,
      wait: { waitMs: WAIT_MS, signal },
      late,
    });
    // The contract of the workflow says what it answers to each verb.
    return answer as PluginRegistryAnswers[Verb];
  }
}

function late(cause: unknown): Failure {
  const text = 'the registry of plugins did not answer in time; see the log of the cluster worker';
  return new Failure('timed-out', text, { cause });
}

function resourceOf(cluster: string, { plugin, health }: PluginLook): PluginResource {
  const { status, ...listed } = listedOf(cluster, summaryOf(plugin, health));
  return { ...listed, status: { ...status, description: plugin.description } };
}

function listedOf(
  cluster: string,
  { name, spec, health: { state, ...health }, ...said }: PluginSummary,
): PluginResource {
  const taskQueue = pluginTaskQueue(cluster, name);
  return {
    ...{ apiVersion: API_VERSION, kind: 'Plugin' },
    metadata: { name },
    spec: { cluster, ...spec },
    status: { health: state, ...health, taskQueue, ...said },
  };
}
