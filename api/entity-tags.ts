import { hash } from 'node:crypto';

import type { FastifyInstance, FastifyReply, FastifyRequest } from 'fastify';

import { Failure } from '../domain/failure.ts';
import type { Precondition, Revision } from '../domain/revision.ts';

/** Characters of the hash of an answer: enough that no two answers of one thing share them. */
const HASH_LENGTH = 16;
/** One of the tags of a condition; those that are weak say nothing about who may write. */
const TAG = /^(W\/)?"([\x21\x23-\x7e]+)"$/;
/** Grows by itself, and is no news. */
const AGES: ReadonlySet<string> = new Set(['ageSeconds']);

declare module 'fastify' {
  interface FastifyContextConfig {
    /** Whether the route looks at `If-Match`; one that does not refuses it. */
    readonly isConditional?: boolean;
  }
}

/** What an answer shows, with the state of its spec where the thing has one. */
interface Shown {
  readonly metadata: { readonly uid?: string; readonly generation?: number };
}

/** Refuses conditions that a route would not look at: who sends one relies on it. */
export function refuseIdleConditions(app: FastifyInstance): void {
  app.addHook('preValidation', ({ headers, routeOptions }, _reply, done) => {
    const isIdle = headers['if-match'] !== undefined && routeOptions.config.isConditional !== true;
    done(isIdle ? badCondition('If-Match is not looked at here') : undefined);
  });
}

/** The condition under which a request changes something; undefined when it has none. Throws `invalid-request`. */
export function preconditionOf({
  headers,
}: Pick<FastifyRequest, 'headers'>): Precondition | undefined {
  const wanted = headers['if-match'];
  if (wanted === undefined) {
    return undefined;
  }
  const tags = tagsOf(wanted, 'If-Match');
  return (revision) => {
    if (revision === undefined || (tags !== 'any' && !tags.some((tag) => isOf(tag, revision)))) {
      const text = 'it is not as If-Match says; look at it again, and decide anew';
      throw new Failure('precondition-failed', text, { subject: 'if-match' });
    }
  };
}

/** Sends what a request has made of a thing, with its tag. */
export function sendTagged(reply: FastifyReply, resource: Shown): FastifyReply {
  return reply.header('etag', tagOf(resource)).send(resource);
}

/** Sends a thing that is looked at, or 304 to who has it already. */
export function sendUnlessKnown(
  request: Pick<FastifyRequest, 'headers'>,
  reply: FastifyReply,
  resource: Shown,
): FastifyReply {
  const tag = tagOf(resource);
  const known = request.headers['if-none-match'];
  const tags = known === undefined ? [] : tagsOf(known, 'If-None-Match');
  if (tags === 'any' || tags.some(({ text }) => `"${text}"` === tag)) {
    return reply.code(304).header('etag', tag).send();
  }
  return reply.header('etag', tag).send(resource);
}

interface Tag {
  readonly text: string;
  readonly isWeak: boolean;
}

/** State of the spec, which `If-Match` looks at, and hash of the whole answer, which `If-None-Match` does. */
function tagOf(resource: Shown): string {
  const { uid, generation } = resource.metadata;
  const text = JSON.stringify(resource, (key, value: unknown) =>
    AGES.has(key) ? undefined : value,
  );
  const digest = hash('sha256', text, 'hex').slice(0, HASH_LENGTH);
  return uid === undefined || generation === undefined
    ? `"${digest}"`
    : `"${revisionText({ uid, generation })}.${digest}"`;
}

function revisionText({ uid, generation }: Revision): string {
  return `${uid}.${String(generation)}`;
}

function isOf({ text, isWeak }: Tag, revision: Revision): boolean {
  return !isWeak && text.slice(0, text.lastIndexOf('.')) === revisionText(revision);
}

function tagsOf(header: string, name: string): readonly Tag[] | 'any' {
  if (header.trim() === '*') {
    return 'any';
  }
  return header.split(',').map((part) => {
    const [, weak, text] = TAG.exec(part.trim()) ?? [];
    if (text === undefined) {
      throw badCondition(`${name} must be *, or tags as ETag has them, in their quotes`);
    }
    return { text, isWeak: weak !== undefined };
  });
}

function badCondition(text: string): Failure {
  return new Failure('invalid-request', text, { subject: 'if-match' });
}
