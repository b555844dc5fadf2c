import type { Subject } from '../../domain/access/access-need.ts';
import type { Access } from '../../domain/diagnosis/facts.ts';
import type {
  ItemReference,
  KubernetesObject,
  ListedObject,
  ResourceType,
  ServedType,
} from '../../domain/item.ts';
import type { Propagation } from '../../domain/restore/recreation.ts';
import type { ClusterIdentity } from '../../domain/stored-run.ts';

/**
 * One Kubernetes cluster in the project's own words. All methods throw `Failure`: `cluster-unreachable`,
 * `throttled` and `listing-expired` are worth another attempt, `cluster-forbidden` and `cluster-rejected` are not.
 * A message names the thing and the server's reason word, and quotes nothing of the server's text, since that
 * text quotes field values.
 */
export interface Cluster {
  /** Asks the cluster who it is; also the cheapest proof that it answers. */
  identity(): Promise<ClusterIdentity>;

  /** Every type that is served, once, in its group's preferred version. */
  discover(): Promise<Discovery>;

  /** How many objects there are now; an estimate where the server does not count. */
  count(scope: ListScope, signal?: AbortSignal): Promise<number>;

  /**
   * All objects of a scope, page by page, as one consistent listing, in bounded memory whatever the size of the
   * objects. Throws `listing-expired`, and `cluster-failed` when the server counted more than it listed, unless
   * doubts are allowed.
   */
  listPages(scope: ListScope, options: ListOptions): AsyncIterable<readonly ListedObject[]>;

  /** One object, or undefined if there is none. */
  read(
    type: ResourceType,
    item: ItemReference,
    signal?: AbortSignal,
  ): Promise<KubernetesObject | undefined>;

  /** Like `read`, with the server's own text of the object. */
  readListed(
    type: ResourceType,
    item: ItemReference,
    signal?: AbortSignal,
  ): Promise<ListedObject | undefined>;

  /** Creates an object; one that is there is left alone and reported. */
  create(
    type: ResourceType,
    object: KubernetesObject,
    options?: WriteOptions,
  ): Promise<CreateAnswer>;

  /**
   * Changes an object or its status subresource, and gives it as it is then; undefined if there is none. Throws
   * `precondition-failed` when the patch names a resource version that is no longer the object's.
   */
  patch(
    type: ResourceType,
    item: ItemReference,
    patch: ObjectPatch,
  ): Promise<KubernetesObject | undefined>;

  /**
   * Deletes an object, if it is still the one that was looked at, and with `Background` what it owns; one that is gone is
   * no failure. Throws `precondition-failed` when it is another one.
   */
  remove(type: ResourceType, item: ItemReference, removal: Removal): Promise<void>;

  /**
   * The OpenAPI v3 document of a group version, `apps/v1`, as the cluster publishes it; undefined if it has none. Those
   * of Kubernetes itself take a megabyte or two, so each is asked for once.
   */
  openApi(groupVersion: string, signal?: AbortSignal): Promise<unknown>;

  /** Whether the account may send a request. It need not be allowed to ask that. */
  isAllowed(access: Access, signal?: AbortSignal): Promise<boolean>;

  /** Whether somebody else may send a request. The account must be allowed to create `subjectaccessreviews`. */
  isSubjectAllowed(subject: Subject, access: Access): Promise<boolean>;

  /**
   * Who a bearer token stands for, if it is meant for one of the audiences, or for the API server itself where none is
   * named; undefined for nobody. The account must be allowed to create `tokenreviews`.
   */
  reviewToken(token: string, audiences: readonly string[]): Promise<Subject | undefined>;

  /**
   * Runs a command in a container, without standard input, and gives its exit code and a bounded part of its output. Not
   * idempotent. After an abort, a timeout or a lost connection the stream is closed and the command may go on, since
   * nothing in the protocol ends it. Heartbeats are the caller's.
   *
   * Throws the reason of the signal when that is aborted; `not-found` without the pod or the container,
   * `pod-not-running` when the container does not run, `cluster-forbidden`, `command-not-started` when the container has
   * not the program or may not run it, and `cluster-unreachable` when the connection breaks off: the command may have run.
   * No message tells anything of command or output.
   */
  exec(target: ExecTarget, options: ExecOptions): Promise<ExecEnd>;

  close(): Promise<void>;
}

/** A command, and the container of a pod in which it is run; no shell is put around it. */
export interface ExecTarget {
  readonly namespace: string;
  readonly pod: string;
  readonly container: string;
  readonly command: readonly string[];
}

export interface ExecOptions {
  readonly signal: AbortSignal;
  /** How long the command may run, from when the stream is open. */
  readonly timeoutMs: number;
}

/** How a command ended, or that it had not ended in time and may still run. */
export type ExecEnd = ExecOutput &
  (
    | { readonly kind: 'exited'; readonly exitCode: number }
    | { readonly kind: 'timed-out'; readonly exitCode?: never }
  );

/** What a command wrote: of each stream the first and the last 8 KiB. What is not UTF-8 is replaced. */
interface ExecOutput {
  readonly stdout: string;
  readonly stderr: string;
  /** Bytes of both streams that were left out. */
  readonly dropped: number;
  readonly durationMs: number;
}

export interface WriteOptions {
  readonly signal?: AbortSignal;
  /** Check the request with all admission, and keep nothing of it. */
  readonly isDryRun?: boolean;
}

/** Whether an object was created, or another one of its name is there. */
export interface CreateAnswer {
  readonly kind: 'created' | 'exists';
}

export interface ObjectPatch extends WriteOptions {
  /** JSON merge patch (RFC 7386). */
  readonly merge: Readonly<Record<string, unknown>>;
  readonly subresource?: 'status';
}

/** The object as it was looked at, and what becomes of what it owns. */
export interface Removal extends WriteOptions {
  readonly uid: string;
  readonly resourceVersion: string;
  readonly propagation: Propagation;
}

export interface ListScope {
  readonly type: ResourceType;
  /** Empty for all namespaces, and for cluster-scoped types. */
  readonly namespace: string;
  /** Only objects that match, in the API server's own syntax; all when left out. */
  readonly labelSelector?: string;
}

/** Why a listing may not be what the cluster held at one moment. */
export type ListDoubt = 'mixed' | 'short';

export interface ListOptions {
  readonly signal: AbortSignal;
  /** Go on with what the server has now when the listing expires or falls short, instead of throwing. */
  readonly isMixedAllowed: boolean;
  /** Objects of a page at most; as many as are polite when left out. */
  readonly pageSize?: number;
  /** Called when that was done, and when the server counted more objects than it listed. */
  readonly onDoubt?: (doubt: ListDoubt) => void;
}

export interface Discovery {
  /** Types that can be listed, read, created and deleted, each once. */
  readonly types: readonly ServedType[];
  /** The same types in the other versions that are served. */
  readonly otherVersions: readonly ResourceType[];
  /** Types that cannot be backed up and put back, since they lack one of these verbs. */
  readonly unrestorable: readonly ResourceType[];
  /** `group/version` of what is registered and does not answer; none of its types is among the others. */
  readonly failedGroups: readonly string[];
}
