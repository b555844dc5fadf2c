import type { Subject } from '../../domain/access/access-need.ts';
import type { Access } from '../../domain/diagnosis/facts.ts';
import { fields } from '../../domain/fields.ts';
import { strings } from '../../domain/velero-values.ts';
import type { ApiRequest } from './transport.ts';

const GROUP_VERSION = 'authorization.k8s.io/v1';
const AUTHENTICATION_GROUP_VERSION = 'authentication.k8s.io/v1';

/** The request by which an account asks what it may do itself; everybody may send it. */
export function accessRequest(access: Access, signal: AbortSignal | undefined): ApiRequest {
  const { namespace = '', ...attributes } = access;
  return {
    method: 'POST',
    path: `/apis/${GROUP_VERSION}/selfsubjectaccessreviews`,
    body: JSON.stringify({
      ...{ apiVersion: GROUP_VERSION, kind: 'SelfSubjectAccessReview' },
      spec: { resourceAttributes: { ...attributes, namespace } },
    }),
    ...{ action: 'ask what the account may do', subject: 'selfsubjectaccessreviews', signal },
  };
}

/** What the server says to it. */
export function isAccessAllowed(text: string): boolean {
  return fields(fields(JSON.parse(text))['status'])['allowed'] === true;
}

/** The request by which a server that was sent a request asks whether who sent it may do something. */
export function subjectAccessRequest(subject: Subject, access: Access): ApiRequest {
  const { namespace = '', ...attributes } = access;
  const { username, uid, groups, extra } = subject;
  return {
    method: 'POST',
    path: `/apis/${GROUP_VERSION}/subjectaccessreviews`,
    body: JSON.stringify({
      ...{ apiVersion: GROUP_VERSION, kind: 'SubjectAccessReview' },
      spec: {
        user: username,
        uid,
        groups,
        extra,
        resourceAttributes: { ...attributes, namespace },
      },
    }),
    ...{ action: 'ask what a caller may do', subject: 'subjectaccessreviews' },
  };
}

/** The request that asks who a bearer token stands for, if it is meant for one of the audiences. */
export function tokenRequest(token: string, audiences: readonly string[]): ApiRequest {
  return {
    method: 'POST',
    path: `/apis/${AUTHENTICATION_GROUP_VERSION}/tokenreviews`,
    body: JSON.stringify({
      ...{ apiVersion: AUTHENTICATION_GROUP_VERSION, kind: 'TokenReview' },
      spec: { token, audiences },
    }),
    ...{ action: 'ask who a token stands for', subject: 'tokenreviews' },
  };
}

/**
 * Who the server says a token stands for; undefined for nobody. A server that does not know of audiences does not name
 * the one it found, and then the token counts for nothing.
 */
export function subjectOfToken(text: string, audiences: readonly string[]): Subject | undefined {
  const status = fields(fields(JSON.parse(text))['status']);
  const found = strings(status['audiences']);
  const isMeant = audiences.length === 0 || found.some((audience) => audiences.includes(audience));
  const user = fields(status['user']);
  const { username, uid } = user;
  if (status['authenticated'] !== true || !isMeant || typeof username !== 'string') {
    return undefined;
  }
  const extra = Object.entries(fields(user['extra'])).map(([key, values]) => [
    key,
    strings(values),
  ]);
  return {
    username,
    ...(typeof uid === 'string' ? { uid } : {}),
    groups: strings(user['groups']),
    extra: Object.fromEntries(extra) as Record<string, string[]>,
  };
}
