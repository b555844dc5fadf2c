import type { FastifyRequest } from 'fastify';

import type { FieldError } from '../../domain/failure.ts';
import { fields } from '../../domain/fields.ts';
import { RequestFailure } from '../errors.ts';
import { schemaError } from '../schema-errors.ts';

/** The parts of a request for a run that its schemas check. */
const PARTS = ['body', 'querystring', 'headers'] as const;
const SPEC_FIELD = /^\/spec\/([^/]+)/;
/** Stands for the name of a run, which may be at fault; no spec depends on it. */
const NO_NAME = 'unnamed';

/**
 * The spec that a request makes. Throws all that is wrong with the request at once: the shape of its parts, and the
 * content of the fields whose shape is right. The route must attach the validation, or faults of shape hide the rest.
 */
export function requestedSpec<Body, Spec>(
  request: FastifyRequest,
  specOf: (body: Body) => Spec,
): Spec {
  if (request.validationError === undefined) {
    // The route's schema has checked it.
    return specOf(request.body as Body);
  }
  const shape = shapeErrors(request);
  // What a schema finds fault with is left out, and the checks of content need no field to be there.
  const sound = soundBody(request.body, shape) as Body;
  // What is left out for its shape, or for that of what it is in, is not missing.
  const isTold = (pointer: string): boolean =>
    shape.some((fault) => pointer === fault.pointer || pointer.startsWith(`${fault.pointer}/`));
  const content = contentErrors(() => specOf(sound)).filter(({ pointer }) => !isTold(pointer));
  throw new RequestFailure([...shape, ...content]);
}

/** Faults of every part; the validation itself stops at the first part that has one. */
function shapeErrors(request: FastifyRequest): FieldError[] {
  return PARTS.flatMap((part) => {
    const validate = request.getValidationFunction(part);
    validate?.({ body: request.body, querystring: request.query, headers: request.headers }[part]);
    return (validate?.errors ?? []).map((issue) => schemaError(issue, part));
  });
}

function soundBody(body: unknown, shape: readonly FieldError[]): object {
  const faulty = new Set(shape.map(({ pointer }) => SPEC_FIELD.exec(pointer)?.[1]));
  const sound = Object.entries(fields(fields(body)['spec'])).filter(([name]) => !faulty.has(name));
  const { name, generateName } = fields(fields(body)['metadata']);
  const isNamed = name !== undefined || generateName !== undefined;
  return { metadata: isNamed ? { name: NO_NAME } : {}, spec: Object.fromEntries(sound) };
}

function contentErrors(check: () => unknown): readonly FieldError[] {
  try {
    check();
    return [];
  } catch (error) {
    if (error instanceof RequestFailure) {
      return error.errors;
    }
    throw error;
  }
}
