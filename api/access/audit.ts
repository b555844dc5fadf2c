import { createWriteStream } from 'node:fs';

import type { FastifyInstance, FastifyReply, FastifyRequest } from 'fastify';

import { ACCESS_GROUP, type AccessNeed } from '../../domain/access/access-need.ts';
import { fields, nameOf } from '../../domain/fields.ts';

declare module 'fastify' {
  interface FastifyContextConfig {
    /** Whether reading by this route is told in the audit log, as changes and refusals are by every route. */
    readonly isAudited?: true;
  }
}

/** Takes lines of JSON, each with its line feed. */
export interface AuditLog {
  write(line: string): void;
  close(): Promise<void>;
}

/** What is kept of what a client says of itself. */
const USER_AGENT_LENGTH_MAX = 200;
/** The end of a route as Fastify writes it: `/backups/:name(…)::hold`. */
const ROUTE_VERB = /::([a-z]+)$/;
const METHOD_VERBS: Readonly<Record<string, string>> = {
  ...{ POST: 'create', PUT: 'update', DELETE: 'delete', GET: 'get', HEAD: 'get' },
};
const READS: ReadonlySet<string> = new Set(['GET', 'HEAD']);

/** Standard output for `-`, else a file that is appended to; undefined for `off`. */
export function openAuditLog(to: string, onError: (error: Error) => void): AuditLog | undefined {
  if (to === 'off') {
    return undefined;
  }
  if (to === '-') {
    return { write: (line) => void process.stdout.write(line), close: () => Promise.resolve() };
  }
  const file = createWriteStream(to, { flags: 'a', mode: 0o600 });
  file.on('error', onError);
  return {
    write: (line) => void file.write(line),
    close: () => new Promise((resolve) => file.end(resolve)),
  };
}

/**
 * Tells who changed what, who read what backups hold, and who was refused: one event of `audit.k8s.io/v1` for each, when
 * it has been answered. Of requests and answers it holds names, and nothing that they carry.
 */
export function auditRequests(app: FastifyInstance, log: AuditLog): void {
  app.addHook('onRequest', (request, reply, done) => {
    // Also when the client hangs up: what it asked for may have been done, or sent.
    reply.raw.once('close', () => {
      if (isTold(request, reply)) {
        log.write(`${JSON.stringify(eventOf(request, reply))}\n`);
      }
    });
    done();
  });
}

function isTold(
  { method, routeOptions, is404 }: FastifyRequest,
  { statusCode }: FastifyReply,
): boolean {
  const { access, isAudited } = routeOptions.config;
  const isOfApi = !is404 && access !== undefined && access !== 'public';
  const isRefused = statusCode === 401 || statusCode === 403;
  return isOfApi && (isRefused || !READS.has(method) || isAudited === true);
}

function eventOf(request: FastifyRequest, reply: FastifyReply): object {
  const { statusCode, elapsedTime } = reply;
  const { method, routeOptions, url, headers } = request;
  const now = Date.now();
  const verb = ROUTE_VERB.exec(routeOptions.url ?? '')?.[1] ?? METHOD_VERBS[method] ?? method;
  return {
    ...{ kind: 'Event', apiVersion: 'audit.k8s.io/v1', level: 'Metadata', auditID: request.id },
    ...{ stage: 'ResponseComplete', requestURI: url, verb },
    user: userOf(request),
    sourceIPs: sourcesOf(request),
    userAgent: headers['user-agent']?.slice(0, USER_AGENT_LENGTH_MAX),
    objectRef: objectOf(request),
    // Of one that was cut off before its head was sent, nobody knows how it would have been answered.
    responseStatus: reply.raw.headersSent ? { code: statusCode } : {},
    requestReceivedTimestamp: new Date(now - elapsedTime).toISOString(),
    stageTimestamp: new Date(now).toISOString(),
    annotations: {
      'authorization.k8s.io/decision':
        statusCode === 401 || statusCode === 403 ? 'forbid' : 'allow',
      ...(reply.raw.writableFinished ? {} : { [`${ACCESS_GROUP}/cut-off`]: 'true' }),
      ...placesOf(request),
    },
  };
}

/** The caller comes first, then the proxies that are believed. */
function sourcesOf({ ip, ips }: FastifyRequest): string[] {
  return ips?.toReversed() ?? [ip];
}

/** Nothing of one who is not known; JSON leaves out what is undefined. */
function userOf({ access }: FastifyRequest): object {
  const { subject } = (access as typeof access | undefined) ?? { subject: undefined };
  return { username: subject?.username, uid: subject?.uid, groups: subject?.groups };
}

/** The first of what was asked for; JSON leaves out what is undefined. */
function objectOf(request: FastifyRequest): object {
  const { params, body, routeOptions } = request;
  const [, , , plural = ''] = (routeOptions.url ?? '').split('/');
  const [need = {}] = askedOf(request) as readonly Partial<AccessNeed>[];
  const { subresource, namespace } = need;
  const resource = plural.split(':')[0]?.replaceAll('-', '');
  const name = nameOf(params) === '' ? nameOf(fields(body)['metadata']) : nameOf(params);
  return {
    ...{ apiGroup: ACCESS_GROUP, apiVersion: 'v1', resource },
    ...{ subresource, namespace, name: name === '' ? undefined : name },
  };
}

/** What its sender was asked for; nothing of one who is not known. */
function askedOf({ access }: FastifyRequest): readonly AccessNeed[] {
  return (access as typeof access | undefined)?.asked ?? [];
}

/** Where it was: the location, and all namespaces that were asked for. */
function placesOf(request: FastifyRequest): Record<string, string> {
  const namespaces = new Set(askedOf(request).map(({ namespace = '*' }) => namespace));
  const location = fields(request.query)['location'];
  return {
    ...(typeof location === 'string' ? { [`${ACCESS_GROUP}/location`]: location } : {}),
    ...(namespaces.size === 0 ? {} : { [`${ACCESS_GROUP}/namespaces`]: [...namespaces].join(',') }),
  };
}
