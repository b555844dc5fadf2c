import { createHash } from 'node:crypto';

import { LRUCache } from 'lru-cache';

import type { Subject } from '../../domain/access/access-need.ts';

/** Finds who a bearer token stands for; undefined where it is none of those that it knows. */
export type Authenticator = (token: string) => Promise<Subject | undefined>;

/** How long an answer is used again. Who was refused may have been let in meanwhile, and hopes for it. */
const KNOWN_MS = 10_000;
const UNKNOWN_MS = 5000;
const TOKENS_MAX = 10_000;
/** Looked up each time, and not kept by the cache as it was when that was loaded. */
export const CLOCK = { now: (): number => performance.now() };

/** What a cache holds: it cannot hold undefined. */
interface Found {
  readonly subject: Subject | undefined;
}

/** Asks one authenticator after another, and remembers for seconds what they said; tokens are held as hashes. */
export function firstOf(authenticators: readonly Authenticator[]): Authenticator {
  const known = new LRUCache<string, Found>({ max: TOKENS_MAX, ttl: KNOWN_MS, perf: CLOCK });
  return async (token) => {
    const hash = tokenHash(token);
    const before = known.get(hash);
    if (before !== undefined) {
      return before.subject;
    }
    const subject = await ask(authenticators, token);
    known.set(hash, { subject }, { ttl: subject === undefined ? UNKNOWN_MS : KNOWN_MS });
    return subject;
  };
}

/** SHA-256 of a token, in hex. */
export function tokenHash(token: string): string {
  return createHash('sha256').update(token).digest('hex');
}

async function ask(
  authenticators: readonly Authenticator[],
  token: string,
): Promise<Subject | undefined> {
  for (const authenticate of authenticators) {
    const subject = await authenticate(token);
    if (subject !== undefined) {
      return subject;
    }
  }
  return undefined;
}
