import { Failure, type FailureCode, type FailureOptions } from '../../domain/failure.ts';

/** A Kubernetes `Status`. */
interface StatusWords {
  /** For people; unlike the rest it may quote values of objects. */
  readonly message: string | undefined;
  readonly reason: string | undefined;
  readonly fields: readonly string[];
  readonly continueToken: string | undefined;
}

/** An answer of the API server that is not a success. */
export interface RefusedAnswer {
  readonly status: number;
  readonly retryAfter: string | undefined;
  readonly body: string;
}

const RETRY_AFTER_DEFAULT_MS = 1000;
const RETRY_AFTER_MAX_MS = 30_000;
const NAMED_FIELDS_MAX = 5;

/**
 * How the API server begins its message when an admission webhook or a ValidatingAdmissionPolicy has denied a request.
 * Status and reason word are then what these chose, a 401, 422 or 503 as well, so nothing but these words tells whose
 * answer it is: `ToStatusErr` in apiserver/pkg/admission/plugin/webhook/errors/statuserror.go, and `Dispatch` in
 * apiserver/pkg/admission/plugin/policy/validating/dispatcher.go.
 */
const DENIALS: readonly RegExp[] = [
  /^admission webhook "[^"]*" denied the request(:| without explanation)/,
  /^\S+ "[^"]*" is forbidden: ValidatingAdmissionPolicy '[^']*' (with binding '[^']*' )?denied request: /,
];

interface RefusalKind {
  readonly status: number;
  readonly code: FailureCode;
  readonly isDenial: boolean;
}

/** What the API server refused, with the status that says of what kind the refusal is. */
export class Refusal extends Failure {
  readonly status: number;
  /** A webhook or a policy denied the request, and chose the status. */
  readonly isDenial: boolean;

  constructor({ status, code, isDenial }: RefusalKind, message: string, options: FailureOptions) {
    super(code, message, options);
    this.status = status;
    this.isDenial = isDenial;
  }
}

/** Translates a refusal by status and reason word. `action` names verb and thing, for people. */
export function refusal(answer: RefusedAnswer, action: string, subject: string): Refusal {
  const { status } = answer;
  const words = statusWords(answer.body);
  if (isDenial(answer)) {
    return denial({ status, words }, action, subject);
  }
  const reason = [words.reason ?? `HTTP ${String(status)}`, ...fieldText(words)].join(' ');
  const code = codeOf(status);
  const text = `${action}: the API server answers ${reason}`;
  return new Refusal({ status, code, isDenial: false }, text, {
    subject,
    ...(code === 'throttled' ? { retryAfterMs: retryAfterMs(answer) } : {}),
    ...(words.message === undefined ? {} : { serverMessage: words.message }),
  });
}

/** Whether a webhook or a policy denied a request. That concerns the one object, whatever the status. */
export function isDenial(answer: RefusedAnswer): boolean {
  const { message = '' } = statusWords(answer.body);
  return DENIALS.some((words) => words.test(message));
}

/** Reason word and fields are its own text too, and not told where no content may be. */
function denial(
  { status, words }: { readonly status: number; readonly words: StatusWords },
  action: string,
  subject: string,
): Refusal {
  const text = `${action}: admission denies it with HTTP ${String(status)}`;
  return new Refusal({ status, code: 'cluster-rejected', isDenial: true }, text, {
    subject,
    ...(words.message === undefined ? {} : { serverMessage: words.message }),
  });
}

/** Translates a request that got no answer; only the system's error code is told. */
export function noAnswer(error: unknown, action: string, subject: string): Failure {
  return new Failure('cluster-unreachable', `${action}: no answer (${errorCode(error)})`, {
    subject,
    cause: error,
  });
}

/** The reason word of a refusal, such as `AlreadyExists`. */
export function reasonOf(answer: RefusedAnswer): string | undefined {
  return statusWords(answer.body).reason;
}

/** The token with which the server lets an expired listing go on, if it gave one. */
export function inconsistentToken(answer: RefusedAnswer): string | undefined {
  return statusWords(answer.body).continueToken;
}

export function retryAfterMs(answer: RefusedAnswer): number {
  const seconds = Number(answer.retryAfter);
  return Number.isFinite(seconds) && seconds > 0
    ? Math.min(seconds * 1000, RETRY_AFTER_MAX_MS)
    : RETRY_AFTER_DEFAULT_MS;
}

const CODES: Readonly<Record<number, FailureCode>> = {
  // Nobody is known to the server any more; that concerns every request, unlike a right that is missing.
  401: 'cluster-unauthenticated',
  403: 'cluster-forbidden',
  404: 'not-found',
  408: 'cluster-unreachable',
  // Two requests changed one thing at once, such as the quota of a namespace: the same request may do better.
  409: 'cluster-failed',
  410: 'listing-expired',
  429: 'throttled',
  // One object's webhook or one aggregated server fails; the API server itself answers.
  500: 'cluster-failed',
};

function codeOf(status: number): FailureCode {
  return CODES[status] ?? (status >= 500 ? 'cluster-unreachable' : 'cluster-rejected');
}

function fieldText({ fields }: StatusWords): string[] {
  return fields.length === 0 ? [] : [`(${fields.slice(0, NAMED_FIELDS_MAX).join(', ')})`];
}

function statusWords(body: string): StatusWords {
  const status = parsedStatus(body);
  const causes = status.details?.causes ?? [];
  return {
    message: status.message,
    reason: status.reason,
    fields: causes.flatMap((cause) => (cause.field === undefined ? [] : [cause.field])),
    continueToken: status.metadata?.continue,
  };
}

interface ParsedStatus {
  readonly reason?: string;
  readonly message?: string;
  readonly metadata?: { readonly continue?: string };
  readonly details?: { readonly causes?: readonly { readonly field?: string }[] };
}

function parsedStatus(body: string): ParsedStatus {
  try {
    const value: unknown = JSON.parse(body);
    // Every field of the interface is optional, so any object will do.
    return typeof value === 'object' && value !== null ? value : {};
  } catch {
    return {};
  }
}

function errorCode(error: unknown): string {
  for (let part = error; part instanceof Error; part = part.cause) {
    if ('code' in part && typeof part.code === 'string') {
      return part.code;
    }
  }
  return 'no error code';
}
