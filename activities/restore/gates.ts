import { setTimeout as sleep } from 'node:timers/promises';

import pLimit from 'p-limit';

import { fields } from '../../domain/fields.ts';
import type { KubernetesObject, ResourceType } from '../../domain/item.ts';
import { recordTime } from '../../domain/duration.ts';
import type { BeginWait } from '../heartbeat.ts';
import type { Cluster } from '../kubernetes/port.ts';

/** Definitions that are read at the same time. */
const READS_IN_FLIGHT = 16;
const ESTABLISHED_POLL_MS = 200;
const NEEDED_CONDITIONS = ['Established', 'NamesAccepted'];
const DEFINITION: ResourceType = {
  group: 'apiextensions.k8s.io',
  version: 'v1',
  resource: 'customresourcedefinitions',
  kind: 'CustomResourceDefinition',
  isNamespaced: false,
};

const API_SERVICE: ResourceType = {
  group: 'apiregistration.k8s.io',
  version: 'v1',
  resource: 'apiservices',
  kind: 'APIService',
  isNamespaced: false,
};

export interface GateOptions {
  /** How long the definitions may take, all together. */
  readonly waitMs: number;
  readonly signal: AbortSignal;
  readonly wait: BeginWait;
}

/**
 * Waits until custom resource definitions are established, all at the same time, because their objects can be
 * created only then. Gives the reason for each that was not in time; the others need not suffer for it.
 */
export async function awaitDefinitions(
  cluster: Cluster,
  names: readonly string[],
  { waitMs, signal, wait }: GateOptions,
): Promise<ReadonlyMap<string, string>> {
  const limit = pLimit(READS_IN_FLIGHT);
  const deadline = Date.now() + waitMs;
  let waiting = new Map<string, string>(names.map((name) => [name, '']));
  for (;;) {
    const read = await limit.map([...waiting.keys()], async (name) => ({
      name,
      definition: await readDefinition(cluster, name),
    }));
    waiting = new Map(
      read
        .filter(({ definition }) => !isEstablished(definition))
        .map(({ name, definition }) => [name, reasonOf(definition)]),
    );
    if (waiting.size === 0 || Date.now() > deadline) {
      return waiting;
    }
    const endWait = wait({ reason: waitWords(waiting), deadline: recordTime(deadline) });
    await sleep(ESTABLISHED_POLL_MS, undefined, { signal }).finally(endWait);
  }
}

function waitWords(waiting: ReadonlyMap<string, string>): string {
  const [first = ''] = waiting.keys();
  const others = waiting.size > 1 ? `, nor are ${String(waiting.size - 1)} others` : '';
  return `the definition ${first} is not established yet${others}`;
}

/** A definition as the cluster has it; undefined if there is none. */
export function readDefinition(
  cluster: Cluster,
  name: string,
): Promise<KubernetesObject | undefined> {
  return cluster.read(DEFINITION, { ...DEFINITION, namespace: '', name });
}

/** What registers an API server of its own for a group's version; undefined if nothing does. */
export async function readApiService(
  cluster: Cluster,
  { group, version }: Pick<ResourceType, 'group' | 'version'>,
): Promise<KubernetesObject | undefined> {
  const name = `${version}.${group}`;
  const registered = await cluster.read(API_SERVICE, { ...API_SERVICE, namespace: '', name });
  // Without a service it stands for definitions.
  return (fields(registered?.['spec'])['service'] ?? null) === null ? undefined : registered;
}

/** Whether the API server that an APIService registers answers. */
export function isAvailable(service: KubernetesObject | undefined): boolean {
  return conditionOf(service, 'Available')?.status === 'True';
}

/** Whether the objects that a definition describes can be created. */
export function isEstablished(definition: KubernetesObject | undefined): boolean {
  return NEEDED_CONDITIONS.every((needed) => conditionOf(definition, needed)?.status === 'True');
}

interface Condition {
  readonly type?: string;
  readonly status?: string;
  /** One word; the message beside it quotes values. */
  readonly reason?: string;
}

function reasonOf(definition: KubernetesObject | undefined): string {
  if (definition === undefined) {
    return 'it was deleted meanwhile';
  }
  const unmet = NEEDED_CONDITIONS.map((needed) => conditionOf(definition, needed))
    .filter((condition) => condition !== undefined && condition.status !== 'True')
    .map((condition) => `${condition?.type ?? ''}: ${condition?.reason ?? ''}`);
  const words = unmet.length === 0 ? 'no condition yet' : unmet.join(', ');
  return `it was not established in time (${words})`;
}

function conditionOf(
  definition: KubernetesObject | undefined,
  type: string,
): Condition | undefined {
  const status = definition?.['status'] as { conditions?: readonly Condition[] } | undefined;
  return status?.conditions?.find((condition) => condition.type === type);
}
