import type { Access } from '../../domain/diagnosis/facts.ts';
import { fields } from '../../domain/fields.ts';
import type { ApiRequest } from './transport.ts';

const GROUP_VERSION = 'authorization.k8s.io/v1';

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
