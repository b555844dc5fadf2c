import {
  API_BASE,
  type BackupHookList,
  type RestoreHookList,
  type BackupPreview,
  type BackupResource,
  type PluginResource,
  type PluginResourceList,
  type Problem,
  type RegisterPluginRequest,
  type ResourceList,
  type RestorePreview,
  type RecoveredSchedules,
  type RetentionResource,
  type RunResource,
  type ScheduleResource,
  type ScheduleResourceList,
} from '../domain/api-resource.ts';
import type {
  StorageLocationResource,
  StorageLocationResourceList,
} from '../domain/locations/api-location.ts';
import type {
  CreateReconciliationRequest,
  ReconciliationResource,
} from '../domain/reconciliation.ts';
import type { BackupItemList, RestoreItemList } from '../domain/backup-contents.ts';
import type { CoverageReport } from '../domain/coverage.ts';
import type { DiagnosisResource } from '../domain/diagnosis/checks.ts';
import type { Fields } from '../domain/fields.ts';
import type { LocationInventory } from '../domain/location-inventory.ts';
import type { ServerStatus } from '../domain/server-status.ts';
import type { RecoverSchedulesRequest } from '../domain/schedules/recovered-schedule.ts';
import { backupPath, locationPath, pluginPath, schedulePath } from './api-paths.ts';

export type Plural = 'backups' | 'restores';

/** A problem that the API answered. */
export class ProblemError extends Error {
  readonly problem: Problem;

  constructor(problem: Problem) {
    super(problem.detail);
    this.name = 'ProblemError';
    this.problem = problem;
  }
}

/** No answer of the API. */
export class UnreachableError extends Error {
  constructor(server: string, cause: unknown) {
    super(`the API at ${server} does not answer; start it, or name another with --server`, {
      cause,
    });
    this.name = 'UnreachableError';
  }
}

/** Longest that one answer may take. */
const ANSWER_TIMEOUT_MS = 45_000;
/** Longest that the API waits for a preview, and that the answer to it may take. */
const PREVIEW_WAIT_SECONDS = 280;
const PREVIEW_TIMEOUT_MS = (PREVIEW_WAIT_SECONDS + 10) * 1000;
/** Longer than the operations of a check may take together, one after the other, or all records of a large location. */
const CHECK_TIMEOUT_MS = 300_000;
/** The most items that the API puts into one page. */
const PAGE_SIZE = 500;

interface RequestOptions {
  readonly body?: unknown;
  readonly query?: Readonly<Record<string, string>>;
  /** Ends the request; a limit of time when left out. */
  readonly signal?: AbortSignal;
  /** How long the API is to wait with its answer. */
  readonly waitSeconds?: number;
}

interface ItemList {
  readonly metadata: { readonly continue?: string };
  readonly items: readonly unknown[];
}

/** The API of one server, for one location. */
export class ApiClient {
  readonly #server: string;
  readonly #location: string | undefined;

  constructor(server: string, location: string | undefined) {
    this.#server = server.replace(/\/$/, '');
    this.#location = location;
  }

  async create<Resource extends RunResource>(plural: Plural, body: unknown): Promise<Resource> {
    return this.#send('POST', `/${plural}`, { body });
  }

  /** What a backup would hold; nothing is made. */
  async preview(body: unknown): Promise<BackupPreview> {
    return this.#preview('/backups', body);
  }

  /** What a restore would do; nothing is done. */
  async plan(body: unknown): Promise<RestorePreview> {
    return this.#preview('/restores', body);
  }

  async get<Resource extends RunResource>(plural: Plural, name: string): Promise<Resource> {
    return this.#send('GET', `/${plural}/${encodeURIComponent(name)}`, {});
  }

  /** All runs, page by page. */
  async list<Resource extends RunResource>(plural: Plural): Promise<ResourceList<Resource>> {
    return this.#pages(`/${plural}`, {});
  }

  async cancel<Resource extends RunResource>(plural: Plural, name: string): Promise<Resource> {
    return this.#send('POST', `/${plural}/${encodeURIComponent(name)}:cancel`, {});
  }

  async delete<Resource extends RunResource>(plural: Plural, name: string): Promise<Resource> {
    return this.#send('DELETE', `/${plural}/${encodeURIComponent(name)}`, {});
  }

  /** Holds, releases or extends a backup. */
  async backupVerb(
    name: string,
    verb: 'hold' | 'release' | 'extend',
    body: object,
  ): Promise<BackupResource> {
    return this.#send('POST', `${backupPath(name)}:${verb}`, { body });
  }

  /** Items of a backup, page by page, up to a number of them; the list says whether there are more. */
  async items(
    name: string,
    query: Readonly<Record<string, string>>,
    countMax?: number,
  ): Promise<BackupItemList> {
    return this.#pages(`${backupPath(name)}/items`, query, countMax);
  }

  /** Items of a restore, in the same manner. */
  async restoreItems(
    name: string,
    query: Readonly<Record<string, string>>,
    countMax?: number,
  ): Promise<RestoreItemList> {
    return this.#pages(`/restores/${encodeURIComponent(name)}/items`, query, countMax);
  }

  /** The JSON of one object of a backup, as it was sent. */
  async item(
    name: string,
    { type, item }: { readonly type: string; readonly item: string },
    query: Readonly<Record<string, string>>,
  ): Promise<string> {
    const path = `${backupPath(name)}/items/${encodeURIComponent(type)}/${encodeURIComponent(item)}`;
    return this.#text(await this.#request('GET', path, { query }));
  }

  /** What a backup should hold, what it holds, and why they differ. */
  async coverage(name: string): Promise<CoverageReport> {
    return this.#send('GET', `${backupPath(name)}/coverage`, {});
  }

  /** What became of the hooks of a backup. */
  async hooks(name: string): Promise<BackupHookList> {
    return this.#send('GET', `${backupPath(name)}/hooks`, {});
  }

  /** What became of the hooks of restored pods. */
  async restoreHooks(name: string): Promise<RestoreHookList> {
    return this.#send('GET', `/restores/${encodeURIComponent(name)}/hooks`, {});
  }

  async registerPlugin(body: RegisterPluginRequest): Promise<PluginResource> {
    return this.#send('POST', '/plugins', { body });
  }

  /** The plugins of a cluster, the default one when left out. */
  async plugins(cluster: string | undefined): Promise<PluginResourceList> {
    return this.#send('GET', '/plugins', clusterQuery(cluster));
  }

  async plugin(name: string, cluster: string | undefined): Promise<PluginResource> {
    return this.#send('GET', pluginPath(name), clusterQuery(cluster));
  }

  async removePlugin(name: string, cluster: string | undefined): Promise<void> {
    await this.#request('DELETE', pluginPath(name), clusterQuery(cluster));
  }

  async createSchedule(body: unknown): Promise<ScheduleResource> {
    return this.#send('POST', '/schedules', { body });
  }

  async replaceSchedule(name: string, body: unknown): Promise<ScheduleResource> {
    return this.#send('PUT', schedulePath(name), { body });
  }

  /** All schedules, page by page. */
  async schedules(): Promise<ScheduleResourceList> {
    return this.#pages('/schedules', {});
  }

  async schedule(name: string): Promise<ScheduleResource> {
    return this.#send('GET', schedulePath(name), {});
  }

  /** Which backups of a schedule stay. */
  async scheduleRetention(name: string): Promise<RetentionResource> {
    return this.#send('GET', `${schedulePath(name)}/retention`, {});
  }

  async scheduleVerb(
    name: string,
    verb: 'pause' | 'unpause' | 'trigger' | 'backfill',
    body: unknown,
  ): Promise<ScheduleResource> {
    return this.#send('POST', `${schedulePath(name)}:${verb}`, { body });
  }

  /** Gives lost schedules back to Temporal. */
  async recoverSchedules(body: RecoverSchedulesRequest): Promise<RecoveredSchedules> {
    return this.#send('POST', '/schedules:recover', { body });
  }

  async deleteSchedule(name: string): Promise<void> {
    await this.#request('DELETE', schedulePath(name), {});
  }

  /** How the parts of the installation are; a cluster beside those that Temporal tells of may be named. */
  async status(cluster?: string): Promise<ServerStatus> {
    return this.#send('GET', '/status', clusterQuery(cluster));
  }

  /** What is wrong with what backups of a cluster need, the default one when left out. */
  async diagnose(cluster: string | undefined): Promise<DiagnosisResource> {
    const signal = AbortSignal.timeout(CHECK_TIMEOUT_MS);
    return this.#send('POST', '/status:check', { ...clusterQuery(cluster), signal });
  }

  async locations(): Promise<StorageLocationResourceList> {
    return this.#send('GET', '/storage-locations', {});
  }

  async storageLocation(name: string): Promise<StorageLocationResource> {
    return this.#send('GET', locationPath(name), {});
  }

  /** Whose backups a location holds; the record of every backup is read for that. */
  async inventory(name: string): Promise<LocationInventory> {
    const signal = AbortSignal.timeout(CHECK_TIMEOUT_MS);
    return this.#send('GET', `${locationPath(name)}/inventory`, { signal });
  }

  /** Keeps a location, or gives it another spec. */
  async writeLocation(
    verb: 'create' | 'replace',
    { name, spec }: { readonly name: string; readonly spec: Fields },
    isChecked: boolean,
  ): Promise<StorageLocationResource> {
    const query: Record<string, string> = isChecked ? {} : { check: 'false' };
    const [method, path] =
      verb === 'create' ? ['POST', '/storage-locations'] : ['PUT', locationPath(name)];
    const signal = AbortSignal.timeout(CHECK_TIMEOUT_MS);
    return this.#send(method, path, { body: { metadata: { name }, spec }, query, signal });
  }

  /** Forgets a location; what is in it stays. */
  async deleteLocation(name: string): Promise<void> {
    await this.#request('DELETE', locationPath(name), {});
  }

  /** Tries each operation of a location, or takes it over from another Holdfast. */
  async locationVerb(name: string, verb: 'check' | 'adopt'): Promise<StorageLocationResource> {
    const signal = AbortSignal.timeout(CHECK_TIMEOUT_MS);
    return this.#send('POST', `${locationPath(name)}:${verb}`, { signal });
  }

  /** Looks for what dead runs have left in the location, and perhaps removes it. */
  async reconcile(body: CreateReconciliationRequest): Promise<ReconciliationResource> {
    return this.#send('POST', '/reconciliations', { body });
  }

  /** The last look at a location. */
  async reconciliation(name: string, cluster: string): Promise<ReconciliationResource> {
    const path = `/reconciliations/${encodeURIComponent(name)}`;
    return this.#send('GET', path, { query: { cluster } });
  }

  /** The tarball of a backup; an error of the stream means that it is not whole. */
  download(
    name: string,
    query: Readonly<Record<string, string>>,
    signal: AbortSignal,
  ): AsyncGenerator<Uint8Array> {
    return this.#stream(`${backupPath(name)}/download`, query, signal);
  }

  /** A bundle for whoever helps. */
  debug(query: Readonly<Record<string, string>>): AsyncGenerator<Uint8Array> {
    return this.#stream('/debug', query, AbortSignal.timeout(CHECK_TIMEOUT_MS));
  }

  async *#stream(
    path: string,
    query: Readonly<Record<string, string>>,
    signal: AbortSignal,
  ): AsyncGenerator<Uint8Array> {
    const { body } = await this.#request('GET', path, { query, signal });
    try {
      yield* body ?? [];
    } catch (error) {
      throw signal.aborted ? error : new UnreachableError(this.#server, error);
    }
  }

  #preview<Answer>(path: string, body: unknown): Promise<Answer> {
    const signal = AbortSignal.timeout(PREVIEW_TIMEOUT_MS);
    const query = { dryRun: 'All' };
    return this.#send('POST', path, { body, query, signal, waitSeconds: PREVIEW_WAIT_SECONDS });
  }

  async #pages<List extends ItemList>(
    path: string,
    query: Readonly<Record<string, string>>,
    countMax = Number.POSITIVE_INFINITY,
  ): Promise<List> {
    const items: unknown[] = [];
    let page: List;
    let token: string | undefined;
    do {
      const limit = String(Math.min(PAGE_SIZE, countMax - items.length));
      page = await this.#send('GET', path, {
        query: { ...query, limit, ...(token === undefined ? {} : { continue: token }) },
      });
      items.push(...page.items);
      token = page.metadata.continue;
    } while (token !== undefined && items.length < countMax);
    return { ...page, items };
  }

  async #send<Answer>(method: string, path: string, options: RequestOptions): Promise<Answer> {
    const text = await this.#text(await this.#request(method, path, options));
    // The API answers with the type of the route.
    return parsed(text, this.#server) as Answer;
  }

  /** The answer to a request, its body not read yet. Throws `ProblemError` and `UnreachableError`. */
  async #request(method: string, path: string, options: RequestOptions): Promise<Response> {
    const { body, query, signal = AbortSignal.timeout(ANSWER_TIMEOUT_MS) } = options;
    const url = new URL(`${this.#server}${API_BASE}${path}`);
    const location = this.#location === undefined ? {} : { location: this.#location };
    url.search = new URLSearchParams({ ...location, ...query }).toString();
    let response: Response;
    try {
      response = await fetch(url, {
        method,
        headers: headersOf(options),
        body: body === undefined ? null : JSON.stringify(body),
        signal,
      });
    } catch (error) {
      throw new UnreachableError(this.#server, error);
    }
    if (!response.ok) {
      // What is not the answer of the route is a problem.
      throw new ProblemError(parsed(await this.#text(response), this.#server) as Problem);
    }
    return response;
  }

  async #text(response: Response): Promise<string> {
    try {
      return await response.text();
    } catch (error) {
      throw new UnreachableError(this.#server, error);
    }
  }
}

function headersOf({ body, waitSeconds }: RequestOptions): Record<string, string> {
  return {
    ...(body === undefined ? {} : { 'content-type': 'application/json' }),
    ...(waitSeconds === undefined ? {} : { prefer: `wait=${String(waitSeconds)}` }),
  };
}

function clusterQuery(cluster: string | undefined): RequestOptions {
  return cluster === undefined ? {} : { query: { cluster } };
}

function parsed(text: string, server: string): unknown {
  try {
    return JSON.parse(text);
  } catch (error) {
    throw new UnreachableError(server, error);
  }
}
