import type { FastifyInstance, FastifyRequest } from 'fastify';
import type { TSchema } from 'typebox';

import { Failure } from '../../domain/failure.ts';
import { applyMergePatch } from '../../domain/restore/json-merge-patch.ts';
import type { Precondition, Revision } from '../../domain/revision.ts';
import { preconditionOf } from '../entity-tags.ts';
import { RequestFailure } from '../errors.ts';
import { schemaError } from '../schema-errors.ts';

export const MERGE_PATCH = 'application/merge-patch+json';
/** How often a patch is applied anew to what somebody else has changed meanwhile. */
const TRIES_MAX = 5;

/** Adds routes whose bodies are merge patches (RFC 7386) and nothing else. */
export function mergePatchRoutes(app: FastifyInstance, add: (app: FastifyInstance) => void): void {
  void app.register((scope, _options, done) => {
    scope.removeAllContentTypeParsers();
    const parse = scope.getDefaultJsonParser('error', 'error');
    scope.addContentTypeParser(MERGE_PATCH, { parseAs: 'string' }, parse);
    add(scope);
    done();
  });
}

/** A thing, as a request that replaces it would have it. */
interface PatchBase {
  readonly document: unknown;
  readonly revision: Revision;
}

interface Patching<Body, Answer> {
  /** What a request that replaces the thing has to be like. */
  readonly schema: TSchema;
  readonly read: () => Promise<PatchBase>;
  readonly write: (body: Body, precondition: Precondition) => Promise<Answer>;
}

/**
 * Applies the patch of a request to a thing, which is checked and written as if the request had had all of it. Where
 * somebody else changes the thing at the same time, the patch is applied to what it is then, unless the request named a
 * condition. Throws `precondition-failed`, and what reading and writing throw.
 */
export async function patched<Body, Answer>(
  request: FastifyRequest,
  { schema, read, write }: Patching<Body, Answer>,
): Promise<Answer> {
  const given = preconditionOf(request);
  for (let tries = 1; ; tries++) {
    const { document, revision } = await read();
    given?.(revision);
    const body = checked<Body>(request, schema, applyMergePatch(document, request.body));
    try {
      return await write(body, stillAt(revision));
    } catch (error) {
      const hasChanged = error instanceof Failure && error.code === 'precondition-failed';
      if (!hasChanged || given !== undefined || tries === TRIES_MAX) {
        throw error;
      }
    }
  }
}

function checked<Body>(request: FastifyRequest, schema: TSchema, document: unknown): Body {
  const validate = request.compileValidationSchema(schema, 'body');
  if (!validate(document)) {
    const issues = validate.errors ?? [];
    throw new RequestFailure(issues.map((issue) => schemaError(issue, 'body')));
  }
  // The schema has checked it.
  return document as Body;
}

function stillAt({ uid, generation }: Revision): Precondition {
  return (now) => {
    if (now?.uid !== uid || now.generation !== generation) {
      const text = 'somebody else changed it at the same time; look at it again, and decide anew';
      throw new Failure('precondition-failed', text);
    }
  };
}
