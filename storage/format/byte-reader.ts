import { Failure } from '../../domain/failure.ts';

/** Takes pieces of known length from a stream. */
export class ByteReader {
  readonly key: string;
  readonly #chunks: AsyncIterator<Uint8Array>;
  #held: Uint8Array[] = [];
  #heldBytes = 0;
  #position = 0;

  /** `key` is the object that the stream reads, for messages. */
  constructor(body: AsyncIterable<Uint8Array>, key: string) {
    this.#chunks = body[Symbol.asyncIterator]();
    this.key = key;
  }

  /** How many bytes were taken. */
  get position(): number {
    return this.#position;
  }

  /** The next bytes. Throws `archive-mismatch` when the stream ends before. */
  async take(length: number): Promise<Buffer> {
    while (this.#heldBytes < length && (await this.#fill())) {
      // Filling is all there is to do.
    }
    if (this.#heldBytes < length) {
      const message = `${this.key} ends at byte ${String(this.#position + this.#heldBytes)}, too early`;
      throw new Failure('archive-mismatch', message, { subject: this.key });
    }
    const all = Buffer.concat(this.#held);
    this.#held = [all.subarray(length)];
    this.#heldBytes -= length;
    this.#position += length;
    return all.subarray(0, length);
  }

  async isAtEnd(): Promise<boolean> {
    return this.#heldBytes === 0 && !(await this.#fill());
  }

  /** Ends the stream, wherever it is. */
  async close(): Promise<void> {
    await this.#chunks.return?.();
  }

  async #fill(): Promise<boolean> {
    const next = await this.#chunks.next();
    if (next.done === true) {
      return false;
    }
    this.#held.push(next.value);
    this.#heldBytes += next.value.length;
    return next.value.length > 0 || this.#fill();
  }
}
