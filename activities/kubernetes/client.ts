import { setTimeout as sleep } from 'node:timers/promises';

import { KubeConfig } from '@kubernetes/client-node';

import { Failure } from '../../domain/failure.ts';
import {
  groupResource,
  type ItemReference,
  itemText,
  type KubernetesObject,
  type ResourceType,
} from '../../domain/item.ts';
import type { ClusterIdentity } from '../../domain/stored-run.ts';
import { DISCOVERY_ACCEPT, DISCOVERY_ROOTS, parseDiscovery } from './discovery.ts';
import { inconsistentToken, reasonOf, refusal, retryAfterMs } from './errors.ts';
import { resourcePath } from './paths.ts';
import type { Cluster, Discovery, ListOptions, ListScope } from './port.ts';
import { type ApiAnswer, type ApiRequest, Transport } from './transport.ts';

/** Objects per page of a listing, as kubectl and Velero ask for. */
const PAGE_SIZE = 500;
/** Objects of the first page: until the size of the objects is known, they may be as large as etcd takes. */
const FIRST_PAGE_SIZE = 100;
/** Characters that a page may have: bounds the memory of a listing of large objects. */
const PAGE_LENGTH_MAX = 4 * 1024 * 1024;
/** How often a request is repeated after "429 Too Many Requests" before the activity's retry takes over. */
const THROTTLED_TRIES_MAX = 6;
const METADATA_ONLY =
  'application/json;as=PartialObjectMetadataList;g=meta.k8s.io;v=v1,application/json';
/** Whose uid identifies a cluster. */
const SYSTEM_NAMESPACE = 'kube-system';

/** Opens the cluster of a kubeconfig, found as kubectl finds it, in the named context or the current one. */
export function openCluster(context?: string): Cluster {
  const config = new KubeConfig();
  config.loadFromDefault();
  if (context !== undefined) {
    config.setCurrentContext(context);
  }
  return new KubernetesCluster(new Transport(config));
}

interface ListMeta {
  readonly continue?: string;
  readonly remainingItemCount?: number;
}

interface List {
  readonly metadata?: ListMeta;
  readonly items?: readonly KubernetesObject[];
}

class KubernetesCluster implements Cluster {
  readonly #transport: Transport;

  constructor(transport: Transport) {
    this.#transport = transport;
  }

  async identity(): Promise<ClusterIdentity> {
    const [version, system] = await Promise.all([
      this.#get<{ gitVersion: string; major: string; minor: string }>(
        '/version',
        'read the version',
      ),
      this.#get<KubernetesObject>(
        `/api/v1/namespaces/${SYSTEM_NAMESPACE}`,
        `read the namespace ${SYSTEM_NAMESPACE}`,
      ),
    ]);
    const { gitVersion, major, minor } = version;
    return { uid: system.metadata.uid ?? '', gitVersion, major, minor };
  }

  async discover(): Promise<Discovery> {
    const parts = await Promise.all(DISCOVERY_ROOTS.map((root) => this.#discoverRoot(root)));
    return {
      types: parts.flatMap((part) => part.types),
      failedGroups: parts.flatMap((part) => part.failedGroups),
    };
  }

  async count(scope: ListScope, signal?: AbortSignal): Promise<number> {
    const answer = await this.#send({
      ...listRequest(scope, 'limit=1', 'count'),
      accept: METADATA_ONLY,
      signal,
    });
    const { items, metadata } = parseList(required(answer, listRequest(scope, '', 'count')));
    const rest = metadata?.continue === undefined || metadata.continue === '' ? 0 : PAGE_SIZE;
    return (items?.length ?? 0) + (metadata?.remainingItemCount ?? rest);
  }

  async *listPages(
    scope: ListScope,
    options: ListOptions,
  ): AsyncIterable<readonly KubernetesObject[]> {
    let token: string | undefined = '';
    let limit = FIRST_PAGE_SIZE;
    while (token !== undefined) {
      const query = pageQuery(limit, token);
      const request = { ...listRequest(scope, query, 'list'), signal: options.signal };
      const answer = await this.#send(request);
      const mixed = options.isMixedAllowed ? mixedToken(answer) : undefined;
      if (mixed !== undefined) {
        token = mixed;
        continue;
      }
      const text = required(answer, request);
      const list = parseList(text);
      token = nextToken(list);
      limit = nextLimit(text, list);
      yield list.items ?? [];
    }
  }

  async read(
    type: ResourceType,
    item: ItemReference,
    signal?: AbortSignal,
  ): Promise<KubernetesObject | undefined> {
    const request: ApiRequest = {
      method: 'GET',
      path: resourcePath(type, item.namespace, item.name),
      action: `read ${itemText(item)}`,
      subject: itemText(item),
      signal,
    };
    const answer = await this.#send(request);
    if (!answer.ok && answer.status === 404) {
      return undefined;
    }
    // An answer of the API server for one object is that object.
    return JSON.parse(required(answer, request)) as KubernetesObject;
  }

  async create(
    type: ResourceType,
    object: KubernetesObject,
    signal?: AbortSignal,
  ): Promise<'created' | 'exists'> {
    const { name, namespace = '' } = object.metadata;
    const subject = itemText({ ...type, namespace, name });
    const request: ApiRequest = {
      method: 'POST',
      path: resourcePath(type, namespace),
      body: JSON.stringify(object),
      action: `create ${subject}`,
      subject,
      signal,
    };
    const answer = await this.#send(request);
    if (!answer.ok && answer.status === 409 && reasonOf(answer) === 'AlreadyExists') {
      return 'exists';
    }
    required(answer, request);
    return 'created';
  }

  async close(): Promise<void> {
    await this.#transport.close();
  }

  async #discoverRoot(root: string): Promise<Discovery> {
    const request: ApiRequest = {
      method: 'GET',
      path: root,
      accept: DISCOVERY_ACCEPT,
      action: 'discover the served types',
      subject: root,
    };
    const discovery = parseDiscovery(required(await this.#send(request), request));
    if (discovery === undefined) {
      throw new Failure(
        'unsupported-format',
        'the API server has no aggregated discovery; Kubernetes 1.27 or newer is needed',
        { subject: root },
      );
    }
    return discovery;
  }

  async #get<Answer>(path: string, action: string): Promise<Answer> {
    const request: ApiRequest = { method: 'GET', path, action, subject: path };
    return JSON.parse(required(await this.#send(request), request)) as Answer;
  }

  /** Sends, and waits as long as the server asks while it asks for patience. */
  async #send(request: ApiRequest): Promise<ApiAnswer> {
    for (let tries = 1; ; tries++) {
      const answer = await this.#transport.send(request);
      if (answer.ok || answer.status !== 429 || tries === THROTTLED_TRIES_MAX) {
        return answer;
      }
      await sleep(retryAfterMs(answer), undefined, { signal: request.signal });
    }
  }
}

function listRequest({ type, namespace }: ListScope, query: string, verb: string): ApiRequest {
  const place = namespace === '' ? '' : ` of namespace ${namespace}`;
  return {
    method: 'GET',
    path: `${resourcePath(type, namespace)}?${query}`,
    action: `${verb} ${groupResource(type)}${place}`,
    subject: groupResource(type),
  };
}

function required(answer: ApiAnswer, request: ApiRequest): string {
  if (!answer.ok) {
    throw refusal(answer, request.action, request.subject);
  }
  return answer.text;
}

/** The token with which an expired listing may go on, if that is what the answer offers. */
function mixedToken(answer: ApiAnswer): string | undefined {
  return !answer.ok && answer.status === 410 ? inconsistentToken(answer) : undefined;
}

function pageQuery(limit: number, token: string): string {
  const next = token === '' ? '' : `&continue=${encodeURIComponent(token)}`;
  return `limit=${String(limit)}${next}`;
}

/** As many objects as fit a page if they are as large as those of the last one. */
function nextLimit(text: string, { items = [] }: List): number {
  const fitting = Math.floor((PAGE_LENGTH_MAX * Math.max(1, items.length)) / text.length);
  return Math.max(1, Math.min(PAGE_SIZE, fitting));
}

function nextToken({ metadata }: List): string | undefined {
  return metadata?.continue === '' ? undefined : metadata?.continue;
}

function parseList(text: string): List {
  // Every field of the interface is optional, and the server speaks JSON.
  return JSON.parse(text) as List;
}
