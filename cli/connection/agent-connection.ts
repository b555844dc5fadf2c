import { Agent, fetch } from 'undici';

import type { Connection } from './contract.ts';

/** What a connection over an own agent is made of. */
interface AgentOptions {
  readonly url: string;
  readonly headers: Readonly<Record<string, string>>;
  /** A certificate authority, or a socket of this machine that leads there. */
  readonly connect: { readonly ca: string } | { readonly socketPath: string };
}

/** A connection that trusts an authority of its own, or goes through a socket. */
export function agentConnection({ url, headers, connect }: AgentOptions): Connection {
  const dispatcher = new Agent({ connect });
  const send = (input: string, init: object) => fetch(input, { ...init, dispatcher });
  return {
    url,
    headers,
    // The same interface as that of Node, which is made of an older release of the package.
    fetch: send as unknown as typeof globalThis.fetch,
    close: () => dispatcher.destroy(),
  };
}
