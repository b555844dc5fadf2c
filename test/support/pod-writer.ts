import type { FreezableVolume } from './freezable-volume.ts';

/** Appends a number to a file of the volume, and then notes it where nothing freezes; over and over. */
const WRITE =
  'i=0; while [ ! -e /tmp/stop ]; do i=$((i+1)); echo $i >> /volumes/data/log; echo $i >> /tmp/ended; sleep 0.05; done';

/** Writes into a volume from its pod without end; a freeze holds it up. */
export class PodWriter {
  readonly #volume: FreezableVolume;
  readonly #end: Promise<unknown>;

  constructor(volume: FreezableVolume) {
    this.#volume = volume;
    // One whose pod is deleted ends badly, and nobody minds.
    this.#end = volume.shell(WRITE).catch(() => undefined);
  }

  /** How many writes have ended. */
  async count(): Promise<number> {
    return Number(await this.#volume.shell('touch /tmp/ended; wc -l < /tmp/ended'));
  }

  async stop(): Promise<void> {
    await this.#volume.shell('touch /tmp/stop');
    await this.#end;
  }
}
