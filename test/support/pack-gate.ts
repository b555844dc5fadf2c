import { type S3Front, type SeenRequest, startS3Front } from './s3-front.ts';

const BUSY = { status: 503, body: '<Error><Code>SlowDown</Code></Error>' };

/** Which requests for data of a repository are held. */
export interface HeldPacks {
  /** `PUT` for copies, `GET` for restores. */
  readonly method: 'PUT' | 'GET';
  /** The repository. */
  readonly namespace: string;
  /** What passes before. */
  readonly bytes: number;
  /** Whether snapshots are held and not data: all data of a copy is stored then. */
  readonly isOfSnapshots?: boolean;
}

/**
 * Stands in front of an S3 server, and lets only so much data of a repository through until it is told to let go: the
 * copy or the restore stands still there, however fast the machine is.
 */
export class PackGate {
  #front: S3Front | undefined;
  /** By the namespace of the repository. */
  readonly #held = new Map<string, HeldPacks & { passed: number }>();
  /** When the last snapshot of a repository was stored. */
  readonly #stored = new Map<string, number>();
  #waiting: { readonly namespace: string; readonly go: (isPassed: boolean) => void }[] = [];

  static async start(target: string): Promise<PackGate> {
    const gate = new PackGate();
    gate.#front = await startS3Front(target, {
      answer: async (seen) => {
        if (!(await gate.#mayPass(seen))) {
          return BUSY;
        }
        gate.#note(seen);
        return undefined;
      },
    });
    return gate;
  }

  get url(): string {
    return `http://127.0.0.1:${String(this.#front?.port)}`;
  }

  hold(packs: HeldPacks): void {
    this.#held.set(packs.namespace, { ...packs, passed: 0 });
  }

  /**
   * Lets what comes pass again, of one repository or of all; what has waited passes too, or is refused where nobody
   * listens to the answer any more.
   */
  release(what: 'pass' | 'refuse', namespace?: string): void {
    const isMeant = (of: string): boolean => namespace === undefined || of === namespace;
    [...this.#held.keys()].filter(isMeant).forEach((of) => this.#held.delete(of));
    const waiting = this.#waiting.filter((one) => isMeant(one.namespace));
    this.#waiting = this.#waiting.filter((one) => !isMeant(one.namespace));
    for (const { go } of waiting) {
      go(what === 'pass');
    }
  }

  /** Since when the last snapshot of a repository is stored, in milliseconds since 1970, or a little later. */
  storedMs(namespace: string): number | undefined {
    return this.#stored.get(namespace);
  }

  /** Whether something of a repository waits. */
  holds(namespace: string): boolean {
    return this.#waiting.some((one) => one.namespace === namespace);
  }

  stop(): void {
    this.release('refuse');
    this.#front?.stop();
  }

  #note({ method, path }: SeenRequest): void {
    const [, namespace] = /\/([^/]+)\/snapshots\/[0-9a-f]+/.exec(path) ?? [];
    if (method === 'PUT' && namespace !== undefined) {
      this.#stored.set(namespace, Date.now());
    }
  }

  async #mayPass({ method, path, headers }: SeenRequest): Promise<boolean> {
    const held = [...this.#held.values()].find(
      (one) => one.method === method && path.includes(`/${one.namespace}/${folderOf(one)}/`),
    );
    if (held === undefined) {
      return true;
    }
    if (held.passed < held.bytes) {
      held.passed += method === 'PUT' ? Number(headers['content-length']) : rangeOf(headers.range);
      return true;
    }
    return new Promise((go) => {
      this.#waiting.push({ namespace: held.namespace, go });
    });
  }
}

function folderOf({ isOfSnapshots = false }: HeldPacks): string {
  return isOfSnapshots ? 'snapshots' : 'data';
}

/** Bytes of `bytes=from-to`. */
function rangeOf(range = ''): number {
  const [, from, to] = /^bytes=(\d+)-(\d+)$/.exec(range) ?? [];
  return Number(to ?? 0) - Number(from ?? 0) + 1;
}
