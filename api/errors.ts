import type { FastifyError, FastifyInstance, FastifyReply, FastifyRequest } from 'fastify';

import type { Problem } from '../domain/api-resource.ts';
import {
  Failure,
  FAILURE_CODES,
  type FieldError,
  httpStatusOf,
  isRetried,
} from '../domain/failure.ts';
import { KnownMethods } from './plugins/known-methods.ts';
import { schemaError } from './schema-errors.ts';

const PROBLEM_TYPES = 'https://holdfast.dev/problems/';
/** Type of the content of every answer that is not a success. */
export const PROBLEM_CONTENT = 'application/problem+json';

/** A failure of a request that has more than one thing to say. */
export class RequestFailure extends Failure {
  override readonly errors: readonly FieldError[];

  constructor(errors: readonly FieldError[]) {
    const [first] = errors;
    super(first?.code ?? 'invalid-request', first?.detail ?? 'the request is not valid');
    this.errors = errors;
  }
}

/** Makes every answer that is not a success a problem of RFC 9457, whoever caused it. */
export function handleErrors(app: FastifyInstance): void {
  const known = new KnownMethods(app);
  app.setErrorHandler(answerError);
  app.setNotFoundHandler((request, reply) => {
    const methods = known.at(request.url);
    // A path with a name that cannot be one looks like one that has the method.
    if (methods.length > 0 && !methods.includes(request.method)) {
      const allowed = methods.join(', ');
      const text = `${request.method} is no method of ${request.url}, which has ${allowed}`;
      const failure = new Failure('method-not-allowed', text);
      return sendProblem(request, reply.header('allow', allowed), {
        failure,
        status: httpStatusOf(failure.code),
      });
    }
    const failure = new Failure('not-found', `there is no ${request.method} ${request.url}`);
    return sendProblem(request, reply, { failure, status: 404 });
  });
}

/** The answer to an error, also to one that comes before any route, such as a path that cannot be decoded. */
export function answerError(
  error: FastifyError | Failure,
  request: FastifyRequest,
  reply: FastifyReply,
): FastifyReply {
  const failure = error instanceof Failure ? error : failureOf(error);
  const status = error instanceof Failure ? httpStatusOf(failure.code) : statusOf(error);
  if (status >= 500) {
    const unforeseen = failure.code === 'internal' ? originOf(error) : {};
    request.log.error(
      { code: failure.code, subject: failure.subject, ...unforeseen },
      'request failed',
    );
  }
  return sendProblem(request, reply, { failure, status });
}

/** What an unforeseen error is and where it was thrown. Its message stays out: nobody knows what it quotes. */
function originOf({ name, stack = '' }: Error): { name: string; frames: string[] } {
  const lines = stack.split('\n').map((line) => line.trim());
  return { name, frames: lines.filter((line) => line.startsWith('at ')) };
}

function sendProblem(
  request: FastifyRequest,
  reply: FastifyReply,
  told: { failure: Failure; status: number },
): FastifyReply {
  const { status } = told;
  return (
    reply
      .code(status)
      .header('content-type', PROBLEM_CONTENT)
      // Set by hooks too, but not for what comes before any route. The answer quotes the request.
      .header('x-request-id', request.id)
      .header('x-content-type-options', 'nosniff')
      .headers(status === 401 ? { 'www-authenticate': 'Bearer' } : {})
      .serializer(JSON.stringify)
      .send(problemOf(request, told))
  );
}

/** What the sender of a request is told of a failure. */
export function problemOf(
  { id, url }: Pick<FastifyRequest, 'id' | 'url'>,
  { failure, status }: { failure: Failure; status: number },
): Problem {
  const { code } = failure;
  return {
    type: `${PROBLEM_TYPES}${code}`,
    title: FAILURE_CODES[code].title,
    status,
    detail:
      code === 'internal' ? 'the log of the API has more, under the request id' : failure.message,
    instance: url,
    code,
    requestId: id,
    retryable: isRetried(code),
    ...(failure.errors === undefined ? {} : { errors: failure.errors }),
  };
}

/** Fastify's own errors: a body that is no JSON, too large, of a strange type, or against the schema. */
function failureOf(error: FastifyError): Failure {
  if (error.validation !== undefined) {
    const part = error.validationContext ?? 'body';
    return new RequestFailure(error.validation.map((issue) => schemaError(issue, part)));
  }
  return statusOf(error) < 500
    ? new Failure('invalid-request', `${error.message} (${error.code})`)
    : new Failure('internal', error.message, { cause: error });
}

function statusOf(error: FastifyError): number {
  return error.validation === undefined ? (error.statusCode ?? 500) : 400;
}
