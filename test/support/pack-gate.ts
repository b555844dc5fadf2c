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
}

/**
 * Stands in front of an S3 server, and lets only so much data of a repository through until it is told to let go: the
 * copy or the restore stands still there, however fast the machine is.
 */
export class PackGate {
  #front: S3Front | undefined;
  #held: (HeldPacks & { passed: number }) | undefined;
  #waiting: ((isPassed: boolean) => void)[] = [];

  static async start(target: string): Promise<PackGate> {
    const gate = new PackGate();
    gate.#front = await startS3Front(target, {
      answer: async (seen) => ((await gate.#mayPass(seen)) ? undefined : BUSY),
    });
    return gate;
  }

  get url(): string {
    return `http://127.0.0.1:${String(this.#front?.port)}`;
  }

  hold(packs: HeldPacks): void {
    this.#held = { ...packs, passed: 0 };
  }

  /** Lets what comes pass again; what has waited passes too, or is refused where nobody listens to the answer any more. */
  release(what: 'pass' | 'refuse'): void {
    this.#held = undefined;
    for (const go of this.#waiting.splice(0)) {
      go(what === 'pass');
    }
  }

  stop(): void {
    this.release('refuse');
    this.#front?.stop();
  }

  async #mayPass({ method, path, headers }: SeenRequest): Promise<boolean> {
    const held = this.#held;
    if (held?.method !== method || !path.includes(`/${held.namespace}/data/`)) {
      return true;
    }
    if (held.passed < held.bytes) {
      held.passed += method === 'PUT' ? Number(headers['content-length']) : rangeOf(headers.range);
      return true;
    }
    return new Promise((resolve) => {
      this.#waiting.push(resolve);
    });
  }
}

/** Bytes of `bytes=from-to`. */
function rangeOf(range = ''): number {
  const [, from, to] = /^bytes=(\d+)-(\d+)$/.exec(range) ?? [];
  return Number(to ?? 0) - Number(from ?? 0) + 1;
}
