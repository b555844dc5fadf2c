import { readFile } from 'node:fs/promises';

/** A request that may have written to a cluster. */
export interface LoggedWrite {
  readonly verb: string;
  readonly uri: string;
  readonly user: string;
  /** Plural of the type, without its group. */
  readonly resource: string;
  /** Empty for a cluster-scoped object. */
  readonly namespace: string;
  readonly name: string;
  /** Status of the answer. */
  readonly status: number;
}

/** What the test asks of an event; the log has more. */
interface AuditEvent {
  readonly verb: string;
  readonly requestURI: string;
  readonly user: { readonly username: string };
  readonly objectRef?: {
    readonly resource?: string;
    readonly namespace?: string;
    readonly name?: string;
  };
  readonly responseStatus?: { readonly code: number };
}

/** All requests to write, dry runs included, in the order in which they were answered. */
export async function requestsIn(auditLog: string): Promise<LoggedWrite[]> {
  const lines = (await readFile(auditLog, 'utf8')).split('\n').filter((line) => line !== '');
  return lines
    .map((line): LoggedWrite => {
      // The API server documents the format; a field that is missing fails the test that reads it.
      const event = JSON.parse(line) as AuditEvent;
      const { verb, requestURI: uri, user, objectRef, responseStatus } = event;
      const { resource = '', namespace = '', name = '' } = objectRef ?? {};
      const status = responseStatus?.code ?? 0;
      return { verb, uri, user: user.username, resource, namespace, name, status };
    })
    .filter(({ user, uri }) => !isOfControlPlane(user) && !isQuestion(uri));
}

/** The requests that changed something: neither dry runs nor refused ones, nor the control plane's own. */
export async function writesIn(auditLog: string): Promise<LoggedWrite[]> {
  const requests = await requestsIn(auditLog);
  return requests.filter(({ uri, status }) => !isDryRun(uri) && status >= 200 && status < 300);
}

/** Whether a request asked for a dry run. */
function isDryRun(uri: string): boolean {
  return new URL(uri, 'https://cluster').searchParams.get('dryRun') === 'All';
}

/** Accounts of controllers, the API server and the nodes. */
function isOfControlPlane(user: string): boolean {
  return user.startsWith('system:');
}

/** A review of access is created, and kept nowhere. */
function isQuestion(uri: string): boolean {
  return /\/(selfsubject|subject|localsubject)(access|rules)?reviews|\/tokenreviews/.test(uri);
}
