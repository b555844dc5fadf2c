import { LRUCache } from 'lru-cache';

import { ACCESS_GROUP, type AccessNeed, type Subject } from '../../domain/access/access-need.ts';
import { canonicalJson } from '../../domain/canonical-json.ts';
import type { Access } from '../../domain/diagnosis/facts.ts';
import { CLOCK } from './authenticator.ts';

/** Asks the cluster whether somebody may do something. */
export type AccessReview = (subject: Subject, access: Access) => Promise<boolean>;

/** How long an answer is used again. */
const ALLOWED_MS = 10_000;
const DENIED_MS = 5000;
const ANSWERS_MAX = 50_000;

/** What the RBAC of a cluster allows callers; its answers are remembered for seconds. */
export class Authorizer {
  readonly #review: AccessReview;
  readonly #answers = new LRUCache<string, Promise<boolean>>({
    max: ANSWERS_MAX,
    ttl: ALLOWED_MS,
    perf: CLOCK,
  });

  constructor(review: AccessReview) {
    this.#review = review;
  }

  /** Whether somebody may do something, here or in the whole cluster. */
  async allows(subject: Subject, need: AccessNeed): Promise<boolean> {
    const { namespace, ...everywhere } = need;
    // What is asked for many namespaces is answered once for those who may do it in all of them.
    return (
      (await this.#ask(subject, everywhere)) ||
      (namespace !== undefined && (await this.#ask(subject, need)))
    );
  }

  #ask(subject: Subject, need: AccessNeed): Promise<boolean> {
    const key = canonicalJson({ subject, need });
    const before = this.#answers.get(key);
    if (before !== undefined) {
      return before;
    }
    const answer = this.#review(subject, { ...need, group: ACCESS_GROUP });
    this.#answers.set(key, answer);
    answer.then(
      (isAllowed) => {
        if (!isAllowed) {
          this.#answers.set(key, answer, { ttl: DENIED_MS });
        }
      },
      () => this.#answers.delete(key),
    );
    return answer;
  }
}
