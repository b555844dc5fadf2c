import { canonicalJson } from '../canonical-json.ts';
import type { RestoreSpec } from '../restore.ts';

/** The hash of a text, hexadecimal. */
export type Sha256 = (text: string) => string;

/** What of a restore's plan is the same however its items are looked at. */
export interface PlanGround {
  readonly spec: RestoreSpec;
  /** Of the backup's archive; empty where nobody knows it. */
  readonly archiveSha256: string;
}

/** Sums of hashes wrap around here. */
const HASHES = 2n ** 256n;

/**
 * A digest of all that a restore would do, of which any part changes it. Items may be added in any order: their hashes
 * are summed up.
 */
export class PlanDigest {
  readonly #sha256: Sha256;
  #sum = 0n;
  #items = 0;

  constructor(sha256: Sha256) {
    this.#sha256 = sha256;
  }

  /** Adds what would become of one item: any value of JSON. Each item is added once. */
  add(part: unknown): void {
    this.#sum = (this.#sum + BigInt(`0x${this.#sha256(canonicalJson(part))}`)) % HASHES;
    this.#items += 1;
  }

  /** `sha256:` and the digest. A spec that is bound to a plan has the digest of the same spec without that. */
  of({ spec, archiveSha256 }: PlanGround): string {
    const unbound = { ...spec, planDigest: undefined, metadata: undefined };
    const whole = { spec: unbound, archiveSha256, items: this.#items, sum: this.#sum.toString(16) };
    return `sha256:${this.#sha256(canonicalJson(whole))}`;
  }
}
