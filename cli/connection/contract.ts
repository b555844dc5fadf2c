/** What the flags say about the way to the API. */
export interface ConnectionOptions {
  readonly server?: string;
  readonly token?: string;
  readonly tokenFile?: string;
  readonly ca?: string;
  readonly kubeconfig?: string;
  readonly context?: string;
  /** Holdfast's own. */
  readonly holdfastNamespace?: string;
}

/** A way to the API. */
export interface Connection {
  readonly url: string;
  readonly headers: Readonly<Record<string, string>>;
  readonly fetch: typeof fetch;
  close(): Promise<void>;
}

/** There is no way to the API; the status of HTTP is that of the cluster, if it answered. */
export class ConnectionError extends Error {
  override readonly name = 'ConnectionError';
  readonly status: number;

  constructor(message: string, { status = 0, cause }: { status?: number; cause?: unknown } = {}) {
    super(message, { cause });
    this.status = status;
  }
}

/** The namespace in which the API of a cluster is looked for. */
export function namespaceOf({ holdfastNamespace = 'holdfast' }: ConnectionOptions): string {
  return holdfastNamespace;
}
