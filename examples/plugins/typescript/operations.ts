import { mkdir, readdir, readFile, rename, rm, stat, writeFile } from 'node:fs/promises';
import { join } from 'node:path';

import type { OperationStatus } from './contract.ts';
import { publicText, Told } from './told.ts';
import { type Progress, upload } from './upload.ts';
import type { Volume } from './volume.ts';

/** How long it stays known that an upload was cancelled: no call is on its way for so long. */
const NOTE_MS = 7 * 24 * 3_600_000;

/** What is kept of an operation, in `<requestId>.json`. */
interface Kept {
  readonly status: OperationStatus;
  readonly volume?: Volume;
}

interface Running {
  readonly abort: AbortController;
  readonly progress: Progress;
  /** Never fails. */
  readonly ended: Promise<void>;
}

export interface OperationsOptions {
  readonly folder: string;
  readonly bytesPerSecond?: number | undefined;
}

/**
 * Uploads that go on between two calls. Each has a small file that says how far it is, so that the worker may die at any
 * time: an upload that was cut off begins anew. One process at a time has the folder.
 */
export class Operations {
  readonly #options: OperationsOptions;
  readonly #running = new Map<string, Running>();

  constructor(options: OperationsOptions) {
    this.#options = options;
  }

  /** Goes on with what ran when the last worker ended. */
  async resume(): Promise<void> {
    await mkdir(this.#options.folder, { recursive: true });
    for (const name of await readdir(this.#options.folder)) {
      const kept = name.endsWith('.json') ? await this.#read(name.slice(0, -5)) : undefined;
      this.#start(kept);
      if (kept?.status.phase === 'Cancelled') {
        await this.#forgetLater(kept.status.requestId);
      }
    }
  }

  /** Begins an upload. The same request made again, as Temporal may do, finds the one that there is. */
  async begin(requestId: string, volume: Volume): Promise<void> {
    let kept = await this.#read(requestId);
    if (kept === undefined) {
      kept = { status: { requestId, phase: 'Running' }, volume };
      // Before anything happens: what is not noted would be forgotten by a restart.
      await this.#write(kept);
    }
    this.#start(kept);
  }

  async status(requestId: string): Promise<OperationStatus> {
    const running = this.#running.get(requestId);
    if (running !== undefined) {
      return { requestId, phase: 'Running', progress: { ...running.progress, unit: 'bytes' } };
    }
    const kept = await this.#read(requestId);
    if (kept === undefined) {
      return { requestId, phase: 'Failed', error: 'nothing is known of this upload' };
    }
    this.#start(kept);
    return kept.status;
  }

  /** Ends an upload, and removes what there is of it. One that is complete stays, and one that is not known never begins. */
  async cancel(requestId: string): Promise<void> {
    const running = this.#running.get(requestId);
    running?.abort.abort();
    await running?.ended;
    const kept = await this.#read(requestId);
    if (kept === undefined || kept.status.phase === 'Running') {
      await this.#removeData(requestId);
      await this.#write({ status: { requestId, phase: 'Cancelled' } });
    }
  }

  /** Removes what was uploaded. A note stays for some days, so that a call which is still on its way begins nothing. */
  async remove(requestId: string): Promise<void> {
    await this.cancel(requestId);
    await this.#removeData(requestId);
    await this.#write({ status: { requestId, phase: 'Cancelled' } });
  }

  #start(kept: Kept | undefined): void {
    if (kept?.status.phase !== 'Running' || kept.volume === undefined) {
      return;
    }
    const { volume } = kept;
    const { requestId } = kept.status;
    if (!this.#running.has(requestId)) {
      const [abort, progress] = [new AbortController(), { done: 0 }];
      const ended = this.#run({ requestId, volume, signal: abort.signal, progress }).catch(
        // The folder cannot be written. The upload still counts as one that runs, and is begun anew when asked about.
        (error: unknown) => {
          console.error(`upload ${requestId}: ${String(error)}`);
        },
      );
      this.#running.set(requestId, { abort, progress, ended });
    }
  }

  async #run(of: {
    requestId: string;
    volume: Volume;
    signal: AbortSignal;
    progress: Progress;
  }): Promise<void> {
    const { requestId, volume, signal, progress } = of;
    const { bytesPerSecond } = this.#options;
    try {
      await upload(volume, this.#path(requestId, 'tar'), { signal, progress, bytesPerSecond });
      const moved = { ...progress, unit: 'bytes' };
      await this.#write({ status: { requestId, phase: 'Completed', progress: moved }, volume });
    } catch (error) {
      if (!signal.aborted) {
        await this.#removeData(requestId);
        const said = publicText(error);
        await this.#write({ status: { requestId, phase: 'Failed', error: said }, volume });
      }
    } finally {
      this.#running.delete(requestId);
    }
  }

  async #forgetLater(requestId: string): Promise<void> {
    const path = this.#path(requestId, 'json');
    const { mtimeMs } = await stat(path);
    if (mtimeMs < Date.now() - NOTE_MS) {
      await rm(path);
    }
  }

  async #removeData(requestId: string): Promise<void> {
    for (const ending of ['tar', 'tar.part']) {
      await rm(this.#path(requestId, ending), { force: true });
    }
  }

  async #read(requestId: string): Promise<Kept | undefined> {
    try {
      // `#write` has written it.
      return JSON.parse(await readFile(this.#path(requestId, 'json'), 'utf8')) as Kept;
    } catch (error) {
      if (error instanceof Error && 'code' in error && error.code === 'ENOENT') {
        return undefined;
      }
      throw error;
    }
  }

  /** The file is there whole, or it is not there. */
  async #write(kept: Kept): Promise<void> {
    const path = this.#path(kept.status.requestId, 'json');
    await writeFile(`${path}.new`, JSON.stringify(kept));
    await rename(`${path}.new`, path);
  }

  /** An id comes over the wire: it must not lead out of the folder. */
  #path(requestId: string, ending: string): string {
    if (!/^[\w-]{1,200}$/.test(requestId)) {
      throw new Told(`not a request id: ${requestId}`);
    }
    return join(this.#options.folder, `${requestId}.${ending}`);
  }
}
