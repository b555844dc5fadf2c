import { gunzipSync, zstdDecompressSync } from 'node:zlib';

/** Something that a process or a person may be shown, and where it was found. */
export interface Place {
  readonly place: string;
  readonly content: Buffer | string;
}

const GZIP = Buffer.from([0x1f, 0x8b]);
const ZSTD = Buffer.from([0x28, 0xb5, 0x2f, 0xfd]);
/** Times that something is packed into something else. */
const DEPTH_MAX = 4;

/**
 * Finds a value in texts and bytes: as it is, in hexadecimal digits, in base64 at any alignment, also of what is base64
 * itself, as values of Secrets are in payloads of Temporal, and in what is packed by gzip or zstd. The value has none of
 * the characters that JSON or a URL would write in another way.
 */
export class SecretSearch {
  readonly #needles: readonly Buffer[];

  constructor(value: string) {
    const once = inBase64(value);
    const hex = Buffer.from(value).toString('hex');
    this.#needles = [value, hex, ...once, ...once.flatMap(inBase64)].map((text) =>
      Buffer.from(text),
    );
  }

  /** The names of the places that have the value. */
  in(places: readonly Place[]): string[] {
    return places
      .filter(({ place, content }) => this.#has(place) || this.#isIn(Buffer.from(content)))
      .map(({ place }) => place);
  }

  #has(content: Buffer | string): boolean {
    return this.#needles.some((needle) => content.includes(needle.toString('latin1')));
  }

  #isIn(content: Buffer, depth = 0): boolean {
    if (this.#needles.some((needle) => content.includes(needle))) {
      return true;
    }
    const unpacked = depth < DEPTH_MAX ? unpack(content) : undefined;
    return unpacked !== undefined && this.#isIn(unpacked, depth + 1);
  }
}

/** The parts of base64 texts that a value gives whatever stands before and after it: one for each alignment. */
function inBase64(value: string): string[] {
  return [0, 1, 2].map((before) => {
    const bytes = Buffer.concat([Buffer.alloc(before), Buffer.from(value)]);
    const whole = bytes.toString('base64').replace(/=+$/, '');
    // A digit has six bits: those that also have bits of what stands before or after the value are left out.
    const begin = Math.ceil((before * 8) / 6);
    const end = Math.floor((bytes.length * 8) / 6);
    return whole.slice(begin, end);
  });
}

function unpack(content: Buffer): Buffer | undefined {
  try {
    if (content.subarray(0, GZIP.length).equals(GZIP)) {
      return gunzipSync(content);
    }
    if (content.subarray(0, ZSTD.length).equals(ZSTD)) {
      return zstdDecompressSync(content);
    }
  } catch {
    // What only begins like that is read as it is.
  }
  return undefined;
}
