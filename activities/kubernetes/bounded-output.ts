/** Bytes that are kept of the beginning of an output, and as many of its end. */
const KEPT_BYTES = 8 * 1024;

/** What a command wrote, in bounded memory: its beginning and its end, and how much lay between. */
export class BoundedOutput {
  #head = Buffer.alloc(0);
  #tail = Buffer.alloc(0);
  #size = 0;

  /** Bytes that were left out. */
  get dropped(): number {
    return this.#size - this.#head.length - this.#tail.length;
  }

  push(chunk: Buffer): void {
    this.#size += chunk.length;
    const headBytes = Math.min(chunk.length, KEPT_BYTES - this.#head.length);
    this.#head = Buffer.concat([this.#head, chunk.subarray(0, headBytes)]);
    // Copied, as a part of a chunk would keep the whole chunk in memory.
    this.#tail = Buffer.from(
      Buffer.concat([this.#tail, chunk.subarray(headBytes)]).subarray(-KEPT_BYTES),
    );
  }

  /** The output as text, with a line in place of what was left out. What is not UTF-8 is replaced. */
  text(): string {
    if (this.dropped === 0) {
      return Buffer.concat([this.#head, this.#tail]).toString();
    }
    // A character that the cut goes through is left out with the rest: a stream may end within one, and goes on after it.
    const head = new TextDecoder('utf-8', { ignoreBOM: true }).decode(this.#head, { stream: true });
    const tail = this.#tail.subarray(characterStart(this.#tail)).toString();
    return `${head}\n[${String(this.dropped)} bytes left out]\n${tail}`;
  }
}

/** Where the first whole character of a piece of UTF-8 begins. */
function characterStart(bytes: Buffer): number {
  const start = bytes.subarray(0, 4).findIndex((byte) => (byte & 0xc0) !== 0x80);
  return Math.max(start, 0);
}
