/**
 * What a failure is, in one place: its type decides whether Temporal retries it and which HTTP status the API
 * answers; its code is the stable name that users and programs see. `docs/operations.md` has a row for each.
 */
export const FAILURE_TYPES = {
  InvalidRequest: { isRetried: false, httpStatus: 400 },
  Unauthenticated: { isRetried: false, httpStatus: 401 },
  PermissionDenied: { isRetried: false, httpStatus: 403 },
  NotFound: { isRetried: false, httpStatus: 404 },
  MethodNotAllowed: { isRetried: false, httpStatus: 405 },
  Conflict: { isRetried: false, httpStatus: 409 },
  PreconditionFailed: { isRetried: false, httpStatus: 412 },
  Refused: { isRetried: false, httpStatus: 422 },
  UnsupportedFormat: { isRetried: false, httpStatus: 422 },
  IntegrityMismatch: { isRetried: false, httpStatus: 500 },
  QuotaExceeded: { isRetried: false, httpStatus: 507 },
  Internal: { isRetried: true, httpStatus: 500 },
  Throttled: { isRetried: true, httpStatus: 503 },
  RateLimited: { isRetried: true, httpStatus: 429 },
  Unavailable: { isRetried: true, httpStatus: 503 },
} as const satisfies Record<string, { isRetried: boolean; httpStatus: number }>;

export type FailureType = keyof typeof FAILURE_TYPES;

/** Every code of a problem or of a failed activity: its type and its one-line title. */
export const FAILURE_CODES = {
  'invalid-request': { type: 'InvalidRequest', title: 'The request cannot be understood' },
  'invalid-name': { type: 'InvalidRequest', title: 'A name is not a valid name' },
  'unknown-field': { type: 'InvalidRequest', title: 'The request has a field that is not known' },
  'method-not-allowed': { type: 'MethodNotAllowed', title: 'The path has no such method' },
  unauthenticated: { type: 'Unauthenticated', title: 'The request does not say who sends it' },
  forbidden: { type: 'PermissionDenied', title: 'The caller may not do this' },
  'cluster-unauthenticated': {
    type: 'PermissionDenied',
    title: 'The cluster does not know the worker',
  },
  'cluster-forbidden': { type: 'PermissionDenied', title: 'The cluster refuses access' },
  'repository-password': {
    type: 'PermissionDenied',
    title: 'A repository cannot be opened with the master key',
  },
  'secrets-forbidden': { type: 'PermissionDenied', title: 'Content of Secrets is not shown' },
  'location-forbidden': { type: 'PermissionDenied', title: 'The storage location refuses access' },
  'temporal-forbidden': { type: 'PermissionDenied', title: 'Temporal refuses access' },
  'not-found': { type: 'NotFound', title: 'There is no such thing' },
  'repository-missing': { type: 'NotFound', title: 'There is no repository' },
  'snapshot-missing': { type: 'NotFound', title: 'The repository has no such snapshot' },
  'master-key-missing': {
    type: 'NotFound',
    title: 'The key that opens repositories of volumes is not there',
  },
  'log-missing': { type: 'NotFound', title: 'There is no log of the run' },
  'object-missing': { type: 'NotFound', title: 'An object is not in the storage location' },
  'already-exists': { type: 'Conflict', title: 'The name is in use by another request' },
  'already-finished': { type: 'Conflict', title: 'The run has ended' },
  'still-running': { type: 'Conflict', title: 'The run has not ended' },
  'object-locked': { type: 'Conflict', title: 'The bucket keeps what is to be deleted' },
  held: { type: 'Conflict', title: 'The backup is held' },
  'being-deleted': { type: 'Conflict', title: 'The run is being deleted' },
  'idempotency-key-reused': {
    type: 'Refused',
    title: 'A key stands for another request already',
  },
  'precondition-failed': {
    type: 'PreconditionFailed',
    title: 'A thing is not as it is expected to be',
  },
  'condition-ignored': {
    type: 'Refused',
    title: 'A storage location takes no notice of conditions',
  },
  'clock-differs': { type: 'Refused', title: 'The clock of a server differs from ours' },
  'location-unavailable': {
    type: 'Refused',
    title: 'A storage location cannot do what backups need',
  },
  'location-fixed': {
    type: 'Conflict',
    title: 'A storage location is not kept where requests can change it',
  },
  'location-owned': { type: 'Conflict', title: 'A storage location belongs to another Holdfast' },
  'in-use': { type: 'Conflict', title: 'A thing is in use' },
  'unknown-location': { type: 'Refused', title: 'There is no such storage location' },
  'location-read-only': { type: 'Refused', title: 'A storage location is read-only' },
  'namespace-not-found': { type: 'Refused', title: 'A namespace does not exist' },
  'type-not-found': { type: 'Refused', title: 'The cluster serves no such type' },
  'type-not-restorable': { type: 'Refused', title: 'No restore touches objects of this type' },
  'policy-not-usable': { type: 'Refused', title: 'The resource policies cannot be used' },
  'ambiguous-name': { type: 'Refused', title: 'A name stands for several types' },
  'managed-elsewhere': { type: 'Refused', title: 'Something else manages a namespace' },
  'coverage-gap': { type: 'Refused', title: 'Something is not in the backup' },
  'nothing-selected': { type: 'Refused', title: 'The request selects nothing' },
  'backup-not-found': { type: 'Refused', title: 'There is no such backup' },
  'restore-not-found': { type: 'Refused', title: 'There is no such restore' },
  'type-not-served': {
    type: 'Refused',
    title: 'The cluster serves a type in no version that the backup has',
  },
  'mapping-not-usable': { type: 'Refused', title: 'A mapping of a restore cannot be used' },
  'modifier-not-usable': { type: 'Refused', title: 'The resource modifiers cannot be used' },
  'plan-changed': { type: 'Conflict', title: 'The restore would not do what its plan says' },
  'backup-not-usable': { type: 'Refused', title: 'The backup cannot be used' },
  'mount-refused': {
    type: 'Refused',
    title: 'The cluster does not take a pod that mounts a volume',
  },
  'mount-failed': { type: 'Refused', title: 'A pod that mounts a volume does not run' },
  'pod-not-running': { type: 'Conflict', title: 'A pod does not run' },
  'command-not-started': { type: 'Refused', title: 'A command cannot be started in a container' },
  'pod-gone': { type: 'Conflict', title: 'The pod of a hook is gone' },
  'hook-failed': { type: 'Refused', title: 'A hook of a pod failed' },
  'volume-not-consistent': {
    type: 'Refused',
    title: 'A volume was not copied as its hooks should have made it',
  },
  'plugin-not-found': { type: 'NotFound', title: 'There is no such plugin' },
  'plugin-not-served': { type: 'Refused', title: 'No worker serves a plugin' },
  'plugin-answer-invalid': { type: 'Refused', title: 'An answer of a plugin breaks the contract' },
  'plugin-failed': { type: 'Refused', title: 'An action of a plugin failed' },
  'plugin-not-asked': { type: 'Refused', title: 'A plugin was not asked about an item' },
  'operation-failed': { type: 'Refused', title: 'An operation of a plugin failed' },
  'operation-timed-out': { type: 'Refused', title: 'An operation of a plugin did not end in time' },
  'operation-moved-nothing': {
    type: 'Refused',
    title: 'An operation of a plugin ended without having moved its data',
  },
  'volume-not-mounted': { type: 'Conflict', title: 'A volume is not mounted where it should be' },
  'volume-moved': { type: 'Conflict', title: 'A volume moved while it was copied' },
  'volume-shrank': { type: 'Refused', title: 'A volume lost most of what it held' },
  'volume-not-restored': { type: 'Refused', title: 'The data of a volume could not be restored' },
  'volume-incomplete': { type: 'IntegrityMismatch', title: 'Not all of a volume was copied' },
  'cluster-rejected': { type: 'Refused', title: 'The cluster does not accept an object' },
  'engine-not-usable': { type: 'Refused', title: 'The volume engine cannot be used' },
  'master-key-not-usable': { type: 'Refused', title: 'The master key cannot be used' },
  'unsupported-format': { type: 'UnsupportedFormat', title: 'The stored format is not supported' },
  'archive-mismatch': {
    type: 'IntegrityMismatch',
    title: 'What is stored is not what was written',
  },
  'copy-mismatch': { type: 'IntegrityMismatch', title: 'A copy is not what the volume holds' },
  'repository-damaged': { type: 'IntegrityMismatch', title: 'A repository is damaged' },
  'quota-exceeded': { type: 'QuotaExceeded', title: 'There is no room left' },
  'volume-full': { type: 'QuotaExceeded', title: 'A volume has no room left' },
  'listing-expired': { type: 'Unavailable', title: 'A listing expired before its end' },
  throttled: { type: 'Throttled', title: 'A server asks for patience' },
  'rate-limited': { type: 'RateLimited', title: 'The caller sends too many requests' },
  overloaded: { type: 'Throttled', title: 'The API has more to do than it can' },
  'not-ready': { type: 'Unavailable', title: 'The API is not ready for requests' },
  'cluster-failed': { type: 'Unavailable', title: 'The cluster fails at a request' },
  'cluster-unreachable': { type: 'Unavailable', title: 'The cluster does not answer' },
  'location-unreachable': { type: 'Unavailable', title: 'The storage location does not answer' },
  'issuer-unreachable': {
    type: 'Unavailable',
    title: 'The issuer of tokens does not answer',
  },
  'temporal-unreachable': { type: 'Unavailable', title: 'Temporal does not answer' },
  'repository-locked': { type: 'Unavailable', title: 'A repository is locked' },
  'volume-unreadable': { type: 'Unavailable', title: 'A volume cannot be read on its node' },
  'engine-killed': { type: 'Unavailable', title: 'The volume engine was killed' },
  'repository-busy': { type: 'Unavailable', title: 'A repository is in use' },
  'preview-timeout': { type: 'Unavailable', title: 'The preview takes too long' },
  'no-worker': { type: 'Unavailable', title: 'No worker serves the cluster' },
  'no-node-agent': { type: 'Refused', title: 'No node agent serves a node' },
  'timed-out': { type: 'Unavailable', title: 'A step did not end in time' },
  'engine-failed': { type: 'Internal', title: 'The volume engine failed' },
  'notification-failed': {
    type: 'Unavailable',
    title: 'An endpoint has not taken a notification',
  },
  'no-cluster': { type: 'Refused', title: 'The API has no cluster of its own' },
  'endpoint-gone': { type: 'Refused', title: 'The receiver of notifications is gone' },
  internal: { type: 'Internal', title: 'Something unforeseen happened' },
} as const satisfies Record<string, { type: FailureType; title: string }>;

export type FailureCode = keyof typeof FAILURE_CODES;

export interface FailureOptions {
  /** The thing concerned: an item reference, an object key, a field. Never content. */
  readonly subject?: string;
  /** See `FailureReport`. */
  readonly errors?: readonly FieldError[];
  readonly cause?: unknown;
  /** How long a server asked to be left alone, in milliseconds. */
  readonly retryAfterMs?: number;
  /**
   * What the server said, which may quote values of the object: for the report of a restore in the location, and never
   * for a message, a log or the history.
   */
  readonly serverMessage?: string;
}

/** The failure that adapters throw; the text names the thing and the remedy and quotes no content. */
export class Failure extends Error {
  readonly code: FailureCode;
  readonly subject: string | undefined;
  /** See `FailureReport`. */
  readonly errors: readonly FieldError[] | undefined;
  readonly retryAfterMs: number | undefined;
  /** See `FailureOptions`. */
  readonly serverMessage: string | undefined;

  constructor(code: FailureCode, message: string, options: FailureOptions = {}) {
    super(message, options.cause === undefined ? undefined : { cause: options.cause });
    this.name = 'Failure';
    this.code = code;
    this.subject = options.subject;
    this.errors = options.errors;
    this.retryAfterMs = options.retryAfterMs;
    this.serverMessage = options.serverMessage;
  }

  get type(): FailureType {
    return FAILURE_CODES[this.code].type;
  }
}

/** A failure as it is stored, sent and shown. */
export interface FailureReport {
  readonly code: FailureCode;
  readonly message: string;
  readonly subject?: string;
  /** All that is wrong with a request, where there is more to say than one message. */
  readonly errors?: readonly FieldError[];
}

/** One thing that is wrong with a request. */
export interface FieldError {
  /** JSON pointer into the body (`/spec/ttl`), or the name of a parameter or of a part of the installation. */
  readonly pointer: string;
  readonly code: FailureCode;
  readonly detail: string;
}

export function isFailureCode(text: string): text is FailureCode {
  return Object.hasOwn(FAILURE_CODES, text);
}

/** Whether a failure is worth another attempt. */
export function isRetried(code: FailureCode): boolean {
  return FAILURE_TYPES[FAILURE_CODES[code].type].isRetried;
}

/** The HTTP status that the API answers for a code. */
export function httpStatusOf(code: FailureCode): number {
  return FAILURE_TYPES[FAILURE_CODES[code].type].httpStatus;
}

/** The failure types that a retry policy names as not retryable. */
export function nonRetryableTypes(): FailureType[] {
  return (Object.keys(FAILURE_TYPES) as FailureType[]).filter(
    (type) => !FAILURE_TYPES[type].isRetried,
  );
}
