import type { FastifyInstance, FastifyRequest } from 'fastify';

import type { Subject } from '../../domain/access/access-need.ts';
import { API_BASE } from '../../domain/api-resource.ts';
import { Failure } from '../../domain/failure.ts';
import type { Authenticator } from './authenticator.ts';
import { LOOPBACK_HOSTS } from './config.ts';
import { type Allows, RequestAccess } from './request-access.ts';
import type { Realm } from './route-access.ts';

/**
 * Who may send a request to a route: everybody; those whom a function lets pass, which throws `forbidden` for the others;
 * or those whom the handler lets pass, because only it knows what is asked for.
 */
export type RouteAccess = 'public' | 'handler' | ((request: FastifyRequest) => Promise<void>);

declare module 'fastify' {
  interface FastifyContextConfig {
    readonly access?: RouteAccess;
  }
  interface FastifyRequest {
    /** Of the sender. Only requests to routes that are not public have one. */
    access: RequestAccess;
  }
}

/** How callers are told apart. Left out, nobody is asked, and everybody may do everything. */
export interface AccessControl extends Realm {
  readonly authenticate: Authenticator;
  readonly allows: Allows;
}

/** Who sends requests where nobody is asked. */
const EVERYBODY: Subject = { username: 'system:unauthenticated', groups: [] };
/** What browsers say of requests of the page that they show, or of the person before them. */
const OWN_SITES: ReadonlySet<string> = new Set(['same-origin', 'none']);
const BEARER = /^Bearer +([A-Za-z0-9._~+/-]+=*)$/i;

/**
 * Lets no request pass whose sender is not known, or may not send it. Every route of the API says who may use it, or the
 * API does not start; and no answer leaves it for which nobody has looked.
 */
export function guardRoutes(app: FastifyInstance, control: AccessControl | undefined): void {
  app.addHook('onRoute', ({ url, config }) => {
    if (url.startsWith(API_BASE) && config?.access === undefined) {
      throw new Error(`the route ${url} does not say who may use it`);
    }
  });
  app.addHook('onRequest', async (request) => {
    if (isGuarded(request)) {
      request.access = await accessOf(request, control);
    }
  });
  app.addHook('preHandler', async (request) => {
    const { access } = request.routeOptions.config;
    if (typeof access === 'function') {
      await access(request);
    }
  });
  app.addHook('onSend', (request, reply, payload) => {
    if (reply.statusCode < 400 && isGuarded(request) && !request.access.isSettled) {
      throw new Failure('internal', 'nobody has looked whether the sender may see the answer');
    }
    return Promise.resolve(payload);
  });
}

function isGuarded({ routeOptions, is404 }: FastifyRequest): boolean {
  return (
    !is404 && routeOptions.config.access !== undefined && routeOptions.config.access !== 'public'
  );
}

/**
 * Where nobody is asked who calls, pages of others that a browser of this machine shows are kept from calling: those that
 * send it here from elsewhere, and those whose own name leads here.
 */
function requireNoBrowser(hostname: string, site: string | string[] | undefined): void {
  const isOwnName = LOOPBACK_HOSTS.has(hostname.replace(/^\[(.*)\]$/, '$1'));
  if (!isOwnName || (site !== undefined && !OWN_SITES.has(String(site)))) {
    const text =
      'this API asks nobody who calls, and is called by its own machine alone, as 127.0.0.1 or localhost; set HOLDFAST_AUTH for others';
    throw new Failure('forbidden', text);
  }
}

async function accessOf(
  { headers, hostname }: FastifyRequest,
  control: AccessControl | undefined,
): Promise<RequestAccess> {
  if (control === undefined) {
    requireNoBrowser(hostname, headers['sec-fetch-site']);
    return new RequestAccess(EVERYBODY, () => Promise.resolve(true));
  }
  const token = BEARER.exec(headers.authorization ?? '')?.[1];
  if (token === undefined) {
    const text = 'the request has no token; send one as "Authorization: Bearer …"';
    throw new Failure('unauthenticated', text, { subject: 'authorization' });
  }
  const subject = await control.authenticate(token);
  if (subject === undefined) {
    const text =
      'the token stands for nobody: it is not known, is over, or is meant for somebody else (see HOLDFAST_AUTH_AUDIENCES)';
    throw new Failure('unauthenticated', text, { subject: 'authorization' });
  }
  return new RequestAccess(subject, control.allows);
}
