import type { Problem } from '../../domain/api-resource.ts';
import type { Answer, Installation } from './installation.ts';

/** What is sent beside method and path; a body is JSON unless the headers say another type. */
interface Sent {
  readonly headers?: Record<string, string>;
  readonly body?: unknown;
}

type Send = <Body = Problem>(method: string, path: string, sent?: Sent) => Promise<Answer<Body>>;

/** Sends requests with headers of their own to the API of an installation that is started by then. */
export function senderTo(installation: () => Pick<Installation, 'apiUrl'>): Send {
  return async <Body>(method: string, path: string, { headers = {}, body }: Sent = {}) => {
    const type = body === undefined ? {} : { 'content-type': 'application/json' };
    const response = await fetch(`${installation().apiUrl}/api/v1${path}`, {
      method,
      headers: { ...type, ...headers },
      body: body === undefined ? null : JSON.stringify(body),
    });
    const text = await response.text();
    return {
      status: response.status,
      headers: response.headers,
      // Each test names the type that it expects and looks at what came.
      body: (text === '' ? undefined : JSON.parse(text)) as Body,
    };
  };
}
