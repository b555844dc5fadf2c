import { KubeConfig } from '@kubernetes/client-node';

import type { Subject } from '../../domain/access/access-need.ts';
import type { Access } from '../../domain/diagnosis/facts.ts';
import { parseExact } from '../../domain/exact-number.ts';
import { Failure } from '../../domain/failure.ts';
import {
  type ItemReference,
  itemOf,
  itemText,
  type KubernetesObject,
  type ListedObject,
  type ResourceType,
} from '../../domain/item.ts';
import type { ClusterIdentity } from '../../domain/stored-run.ts';
import {
  accessRequest,
  isAccessAllowed,
  subjectAccessRequest,
  subjectOfToken,
  tokenRequest,
} from './access-review.ts';
import { AdaptiveLimit } from './adaptive-limit.ts';
import { DISCOVERY_ACCEPT, DISCOVERY_ROOTS, parseDiscovery } from './discovery.ts';
import { isDenial, reasonOf, refusal, retryAfterMs } from './errors.ts';
import { execInPod } from './exec.ts';
import { ListProgress, listRequest, PAGE_SIZE, parseList } from './list-progress.ts';
import { resourcePath } from './paths.ts';
import type {
  Cluster,
  CreateAnswer,
  Discovery,
  ExecEnd,
  ExecOptions,
  ExecTarget,
  ListOptions,
  ListScope,
  ObjectPatch,
  Removal,
  WriteOptions,
} from './port.ts';
import { serverJson } from './server-json.ts';
import { type ApiAnswer, type ApiRequest, Transport } from './transport.ts';

/** How often a request is repeated after "429 Too Many Requests" before the activity's retry takes over. */
const THROTTLED_TRIES_MAX = 6;
/** Requests that a process has under way at the API server. Beyond 32 a busy server only becomes slower (measured). */
const REQUESTS = { min: 2, start: 24, max: 32 };
const METADATA_ONLY =
  'application/json;as=PartialObjectMetadataList;g=meta.k8s.io;v=v1,application/json';
/** Field manager of all that Holdfast writes. */
const FIELD_MANAGER = 'holdfast';
/** What the client assumes without kubeconfig and outside of a pod. */
const FALLBACK_SERVER = 'http://localhost:8080';
/** Whose uid identifies a cluster. */
const SYSTEM_NAMESPACE = 'kube-system';

/**
 * Opens the cluster of a kubeconfig, found as kubectl finds it unless a file is named, in the named context or the
 * current one. Throws `invalid-request`.
 */
export function openCluster(context?: string, kubeconfig?: string): Cluster {
  const config = new KubeConfig();
  if (kubeconfig === undefined) {
    config.loadFromDefault();
  } else {
    loadFile(config, kubeconfig);
  }
  if (context !== undefined) {
    config.setCurrentContext(context);
  }
  return new KubernetesCluster(new Transport(config));
}

/** As `openCluster`, but undefined where nothing says which cluster: the client would take one of this machine. */
export function openClusterIfAny(context?: string): Cluster | undefined {
  const config = new KubeConfig();
  config.loadFromDefault();
  return config.getCurrentCluster()?.server === FALLBACK_SERVER ? undefined : openCluster(context);
}

function loadFile(config: KubeConfig, file: string): void {
  try {
    config.loadFromFile(file);
  } catch (error) {
    const text = `the kubeconfig ${file} cannot be read`;
    throw new Failure('invalid-request', text, { cause: error });
  }
}

class KubernetesCluster implements Cluster {
  readonly #transport: Transport;
  readonly #limit = new AdaptiveLimit(REQUESTS);

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
      otherVersions: parts.flatMap((part) => part.otherVersions),
      unrestorable: parts.flatMap((part) => part.unrestorable),
      failedGroups: parts.flatMap((part) => part.failedGroups),
    };
  }

  async count(scope: ListScope, signal?: AbortSignal): Promise<number> {
    if (scope.labelSelector !== undefined) {
      return this.#countPages(scope, scope.labelSelector, signal);
    }
    const request = listRequest(scope, 'limit=1', 'count');
    const { items, metadata } = await this.#list({ ...request, accept: METADATA_ONLY, signal });
    const rest = tokenOf(metadata) === undefined ? 0 : PAGE_SIZE;
    return (items?.length ?? 0) + (metadata?.remainingItemCount ?? rest);
  }

  async *listPages(scope: ListScope, options: ListOptions): AsyncIterable<readonly ListedObject[]> {
    const progress = new ListProgress(scope, options);
    while (!progress.isOver) {
      const { request } = progress;
      const answer = await this.#send(request);
      if (progress.adapt(answer)) {
        continue;
      }
      yield progress.take(required(answer, request));
    }
    progress.requireWhole();
  }

  async read(
    type: ResourceType,
    item: ItemReference,
    signal?: AbortSignal,
  ): Promise<KubernetesObject | undefined> {
    return (await this.readListed(type, item, signal))?.object;
  }

  async readListed(
    type: ResourceType,
    item: ItemReference,
    signal?: AbortSignal,
  ): Promise<ListedObject | undefined> {
    const request: ApiRequest = {
      method: 'GET',
      path: resourcePath(type, item.namespace, item.name),
      action: `read ${itemText(item)}`,
      subject: itemText(item),
      signal,
    };
    // The server ends what it sends with a new line; an item of a list has none.
    const json = (await this.#getIfThere(request))?.trimEnd();
    // An answer of the API server for one object is that object.
    return json === undefined ? undefined : { object: parseExact(json) as KubernetesObject, json };
  }

  async create(
    type: ResourceType,
    object: KubernetesObject,
    options: WriteOptions = {},
  ): Promise<CreateAnswer> {
    const item = itemOf(type, object);
    const subject = itemText(item);
    const request: ApiRequest = {
      method: 'POST',
      path: `${resourcePath(type, item.namespace)}${writeQuery(options)}`,
      body: serverJson(object),
      action: `create ${subject}`,
      subject,
      signal: options.signal,
    };
    const answer = await this.#send(request);
    if (!answer.ok && answer.status === 409 && reasonOf(answer) === 'AlreadyExists') {
      return { kind: 'exists' };
    }
    required(answer, request);
    return { kind: 'created' };
  }

  async patch(
    type: ResourceType,
    item: ItemReference,
    { merge, subresource, ...options }: ObjectPatch,
  ): Promise<KubernetesObject | undefined> {
    const leaf = subresource === undefined ? '' : `/${subresource}`;
    const path = `${resourcePath(type, item.namespace, item.name)}${leaf}`;
    const request: ApiRequest = {
      method: 'PATCH',
      path: `${path}${writeQuery(options)}`,
      body: serverJson(merge),
      contentType: 'application/merge-patch+json',
      action: `change ${itemText(item)}`,
      subject: itemText(item),
      signal: options.signal,
    };
    const answer = await this.#send(request);
    if (!answer.ok && answer.status === 404) {
      return undefined;
    }
    requireUnchanged(answer, request);
    // The server answers with the object that it has changed.
    return parseExact(required(answer, request)) as KubernetesObject;
  }

  async remove(
    type: ResourceType,
    item: ItemReference,
    { uid, resourceVersion, propagation, ...options }: Removal,
  ): Promise<void> {
    const request: ApiRequest = {
      method: 'DELETE',
      path: `${resourcePath(type, item.namespace, item.name)}${writeQuery(options)}`,
      body: JSON.stringify({
        ...{ apiVersion: 'v1', kind: 'DeleteOptions', propagationPolicy: propagation },
        preconditions: { uid, resourceVersion },
      }),
      action: `delete ${itemText(item)}`,
      subject: itemText(item),
      signal: options.signal,
    };
    const answer = await this.#send(request);
    if (!answer.ok && answer.status === 404) {
      return;
    }
    requireUnchanged(answer, request);
    required(answer, request);
  }

  async openApi(groupVersion: string, signal?: AbortSignal): Promise<unknown> {
    const root = groupVersion.includes('/') ? 'apis' : 'api';
    const path = `/openapi/v3/${root}/${groupVersion}`;
    const request: ApiRequest = {
      ...{ method: 'GET', path, subject: path, signal },
      action: `read the OpenAPI document of ${groupVersion}`,
    };
    const json = await this.#getIfThere(request);
    const document: unknown = json === undefined ? undefined : JSON.parse(json);
    return document;
  }

  async isAllowed(access: Access, signal?: AbortSignal): Promise<boolean> {
    const request = accessRequest(access, signal);
    return isAccessAllowed(required(await this.#send(request), request));
  }

  async isSubjectAllowed(subject: Subject, access: Access): Promise<boolean> {
    const request = subjectAccessRequest(subject, access);
    return isAccessAllowed(required(await this.#send(request), request));
  }

  async reviewToken(token: string, audiences: readonly string[]): Promise<Subject | undefined> {
    const request = tokenRequest(token, audiences);
    return subjectOfToken(required(await this.#send(request), request), audiences);
  }

  exec(target: ExecTarget, options: ExecOptions): Promise<ExecEnd> {
    return execInPod(this.#transport, target, options);
  }

  async close(): Promise<void> {
    await this.#transport.close();
  }

  /** The text that a request gets; undefined if there is no such thing. */
  async #getIfThere(request: ApiRequest): Promise<string | undefined> {
    const answer = await this.#send(request);
    return !answer.ok && answer.status === 404 ? undefined : required(answer, request);
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

  /** With a selector the server does not say how many are left, so each page is counted. */
  async #countPages(
    scope: ListScope,
    labelSelector: string,
    signal: AbortSignal | undefined,
  ): Promise<number> {
    const query = `limit=${String(PAGE_SIZE)}&labelSelector=${encodeURIComponent(labelSelector)}`;
    let count = 0;
    let next: string | undefined = '';
    while (next !== undefined) {
      const request: ApiRequest = listRequest(scope, `${query}${next}`, 'count');
      const list = await this.#list({ ...request, accept: METADATA_ONLY, signal });
      count += list.items?.length ?? 0;
      const token = tokenOf(list.metadata);
      next = token === undefined ? undefined : `&continue=${encodeURIComponent(token)}`;
    }
    return count;
  }

  async #list(request: ApiRequest): Promise<ReturnType<typeof parseList>> {
    return parseList(required(await this.#send(request), request));
  }

  async #get<Answer>(path: string, action: string): Promise<Answer> {
    const request: ApiRequest = { method: 'GET', path, action, subject: path };
    return JSON.parse(required(await this.#send(request), request)) as Answer;
  }

  /** Sends, and waits as long as the server asks while it asks for patience. */
  async #send(request: ApiRequest): Promise<ApiAnswer> {
    for (let tries = 1; ; tries++) {
      const answer = await this.#limit.run(() => this.#sendOnce(request), request.signal);
      requireAdmitted(answer, request);
      if (answer.ok || answer.status !== 429) {
        return answer;
      }
      this.#limit.throttled(retryAfterMs(answer));
      if (tries === THROTTLED_TRIES_MAX) {
        return answer;
      }
    }
  }

  async #sendOnce(request: ApiRequest): Promise<ApiAnswer> {
    const startedMs = performance.now();
    const answer = await this.#transport.send(request);
    // Of writes the answers are alike; pages of lists are of any size.
    if (answer.ok && request.method !== 'GET') {
      this.#limit.note(performance.now() - startedMs);
    }
    return answer;
  }
}

/** The token of the page that follows; undefined at the end. */
function tokenOf(metadata: { readonly continue?: string } | undefined): string | undefined {
  return metadata?.continue === '' ? undefined : metadata?.continue;
}

/** Who writes, in the managed fields of what is written, and whether it is meant. */
function writeQuery({ isDryRun }: WriteOptions): string {
  return `?fieldManager=${FIELD_MANAGER}${isDryRun === true ? '&dryRun=All' : ''}`;
}

/** A webhook may deny with any status, which then says nothing of the server, the listing or the object. */
function requireAdmitted(answer: ApiAnswer, { action, subject }: ApiRequest): void {
  if (!answer.ok && isDenial(answer)) {
    throw refusal(answer, action, subject);
  }
}

/** A conflict that is no collision of names: the object is no longer what the request was made for. */
function requireUnchanged(answer: ApiAnswer, { action, subject }: ApiRequest): void {
  if (!answer.ok && answer.status === 409 && reasonOf(answer) === 'Conflict') {
    const text = `${action}: the object has changed meanwhile`;
    throw new Failure('precondition-failed', text, { subject });
  }
}

function required(answer: ApiAnswer, request: ApiRequest): string {
  if (!answer.ok) {
    throw refusal(answer, request.action, request.subject);
  }
  return answer.text;
}
