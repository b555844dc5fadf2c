import pLimit from 'p-limit';

import { type AccessNeed, needText, type Subject } from '../../domain/access/access-need.ts';
import { Failure } from '../../domain/failure.ts';

/** Questions of one request that the cluster answers at the same time. */
const QUESTIONS_IN_FLIGHT = 16;

/** Says whether somebody may do something. */
export type Allows = (subject: Subject, need: AccessNeed) => Promise<boolean>;

/** What the sender of one request may do. All that a request was asked for is kept, for the audit log and the guard. */
export class RequestAccess {
  readonly subject: Subject;
  readonly #allows: Allows;
  readonly #asked: AccessNeed[] = [];
  #isDenied = false;
  #isLooked = false;

  constructor(subject: Subject, allows: Allows) {
    this.subject = subject;
    this.#allows = allows;
  }

  /** What was asked for last; nothing where nobody asked. */
  get asked(): readonly AccessNeed[] {
    return this.#asked;
  }

  /** Whether somebody has looked what the sender may do, and has not refused it. */
  get isSettled(): boolean {
    return this.#isLooked && !this.#isDenied;
  }

  /** Throws `forbidden` unless all needs are met; `hint` says what the caller can do about it. */
  async require(needs: readonly AccessNeed[], hint?: string): Promise<void> {
    const denied = await this.#firstDenied(needs);
    if (denied === undefined) {
      this.#isLooked = true;
      return;
    }
    this.#isDenied = true;
    const remedy = hint ?? 'ask whoever governs the cluster for a role that allows it';
    const text = `${this.subject.username} may not ${needText(denied)}; ${remedy}`;
    throw new Failure('forbidden', text, { subject: denied.resource });
  }

  /** Whether all needs are met. */
  async meets(needs: readonly AccessNeed[]): Promise<boolean> {
    const isMet = (await this.#firstDenied(needs)) === undefined;
    this.#isLooked ||= isMet;
    return isMet;
  }

  /** Throws `forbidden` with the same words for what is not there and for what the caller may not see. */
  refuse(what: string): never {
    this.#isDenied = true;
    const text =
      `${this.subject.username} may not ${what}, or there is none of that name; ` +
      'ask whoever governs the cluster for a role that allows it in all its namespaces';
    throw new Failure('forbidden', text);
  }

  /** Those things that the caller may see. */
  async visible<Thing>(
    things: readonly Thing[],
    needsOf: (thing: Thing) => Promise<readonly AccessNeed[]>,
  ): Promise<Thing[]> {
    const answers = await pLimit(QUESTIONS_IN_FLIGHT).map(things, async (thing) => ({
      thing,
      isVisible: await this.meets(await needsOf(thing)),
    }));
    // There is nothing left in it that the sender may not see.
    this.#isLooked = true;
    return answers.filter(({ isVisible }) => isVisible).map(({ thing }) => thing);
  }

  async #firstDenied(needs: readonly AccessNeed[]): Promise<AccessNeed | undefined> {
    if (needs.length > 0) {
      this.#asked.splice(0, Infinity, ...needs);
    }
    const answers = await pLimit(QUESTIONS_IN_FLIGHT).map(needs, async (need) => ({
      need,
      isAllowed: await this.#allows(this.subject, need),
    }));
    return answers.find(({ isAllowed }) => !isAllowed)?.need;
  }
}
