import { setTimeout as sleep } from 'node:timers/promises';

import { Failure } from '../../domain/failure.ts';
import { apiVersionOf, groupResource, type ResourceType } from '../../domain/item.ts';
import type { Cluster, Discovery } from '../kubernetes/port.ts';
import { isAvailable, isEstablished, readApiService, readDefinition } from './gates.ts';

/** How long a type may take to be served after its definition is established. */
const APPEARS_WAIT_MS = 10_000;
const APPEARS_POLL_MS = 200;

export interface Unserved {
  readonly reason: string;
  /** What serves the type does not answer now. */
  readonly isPassing?: true;
}

/**
 * Tells which types the cluster serves. It is discovered once, when the first type is asked about, and each type is
 * judged once, so that objects of a type that is not served cost no request.
 */
export class ServedTypes {
  readonly #cluster: Cluster;
  readonly #signal: AbortSignal;
  /** Types that are served once an APIService of the backup is restored. */
  readonly #awaited: ReadonlySet<string>;
  readonly #answers = new Map<string, Promise<Unserved | undefined>>();
  #discovery: Promise<Discovery> | undefined;

  constructor(cluster: Cluster, signal: AbortSignal, awaited: readonly string[] = []) {
    this.#cluster = cluster;
    this.#signal = signal;
    this.#awaited = new Set(awaited);
  }

  /** Why objects of a type cannot be created; undefined if they can. */
  whyNot(type: ResourceType): Promise<Unserved | undefined> {
    const key = `${apiVersionOf(type)}/${type.resource}`;
    const answer = this.#answers.get(key) ?? this.#judge(type);
    this.#answers.set(key, answer);
    return answer;
  }

  async #judge(type: ResourceType): Promise<Unserved | undefined> {
    this.#discovery ??= this.#cluster.discover();
    const { types, failedGroups } = await this.#discovery;
    const name = groupResource(type);
    const version = apiVersionOf(type);
    const served = types.find((one) => groupResource(one) === name);
    if (served === undefined) {
      return failedGroups.includes(version) ? silent(version) : this.#judgeUnknown(type);
    }
    // Discovery names the preferred version alone; others may be served beside it.
    return served.version === type.version || (await this.#isServed(type))
      ? undefined
      : {
          reason: `the cluster serves ${name} in version ${apiVersionOf(served)}, and not in ${version}`,
        };
  }

  /** A type that discovery did not know may have come with a definition or an APIService that was restored since. */
  async #judgeUnknown(type: ResourceType): Promise<Unserved | undefined> {
    if (await this.#appears(type)) {
      return undefined;
    }
    const version = apiVersionOf(type);
    const service = await readApiService(this.#cluster, type);
    if (service === undefined && !this.#awaited.has(groupResource(type))) {
      return { reason: `the cluster does not serve ${groupResource(type)} in version ${version}` };
    }
    const isServed = isAvailable(service) && (await this.#isServed(type));
    return isServed ? undefined : silent(version);
  }

  /** A type whose definition has just been established may be served a moment later. */
  async #appears(type: ResourceType): Promise<boolean> {
    const name = groupResource(type);
    if (type.group === '' || !isEstablished(await readDefinition(this.#cluster, name))) {
      return false;
    }
    const deadline = Date.now() + APPEARS_WAIT_MS;
    while (!(await this.#isServed(type))) {
      if (Date.now() > deadline) {
        return false;
      }
      await sleep(APPEARS_POLL_MS, undefined, { signal: this.#signal });
    }
    return true;
  }

  /** Asks for the type itself. Any answer but "not found" comes from something that serves it. */
  async #isServed(type: ResourceType): Promise<boolean> {
    try {
      await this.#cluster.count({ type, namespace: '' }, this.#signal);
      return true;
    } catch (error) {
      if (error instanceof Failure) {
        return error.code !== 'not-found';
      }
      throw error;
    }
  }
}

function silent(version: string): Unserved {
  return { reason: `the API server that serves ${version} does not answer`, isPassing: true };
}
