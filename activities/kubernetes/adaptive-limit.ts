import { setTimeout as sleep } from 'node:timers/promises';

import pLimit, { type LimitFunction } from 'p-limit';

/** Bounds of the requests under way. */
export interface LimitBounds {
  readonly min: number;
  readonly start: number;
  readonly max: number;
}

/** Answers that are looked at together, at least; with more requests under way it is as many as those. */
const SAMPLES_MIN = 10;
/** Share of a new measurement in the long average of latencies. */
const LONG_WEIGHT = 0.05;
/** How many times slower than in the long average the answers may come before that counts as overload. */
const TOLERANCE = 2;
const GRADIENT_MIN = 0.5;
/** Share of the newly computed limit in the limit. */
const LIMIT_WEIGHT = 0.2;
const THROTTLED_FACTOR = 0.5;

/**
 * How many requests a process has under way at one API server. The number grows while answers come as fast as they
 * used to, shrinks when they become slower (the gradient of short to long average, as in Netflix' concurrency-limits),
 * and is halved when the server answers "429 Too Many Requests", after which nothing is sent for as long as it asks.
 */
export class AdaptiveLimit {
  readonly #bounds: LimitBounds;
  readonly #slots: LimitFunction;
  #limit: number;
  #isFull = false;
  #sumMs = 0;
  #samples = 0;
  #longMs = 0;
  #pausedUntilMs = 0;

  constructor(bounds: LimitBounds) {
    this.#bounds = bounds;
    this.#limit = bounds.start;
    this.#slots = pLimit(bounds.start);
  }

  /** Requests that may be under way now. */
  get width(): number {
    return this.#slots.concurrency;
  }

  /** Sends a request when there is room for it, and no pause. */
  run<Answer>(send: () => Promise<Answer>, signal?: AbortSignal): Promise<Answer> {
    return this.#slots(async () => {
      this.#isFull ||= this.#slots.activeCount >= this.width;
      await this.#pause(signal);
      return send();
    });
  }

  /** Takes the latency of a request that was answered, of a kind whose answers are alike. */
  note(latencyMs: number): void {
    this.#sumMs += latencyMs;
    this.#samples += 1;
    if (this.#samples >= Math.max(SAMPLES_MIN, this.width)) {
      this.#adapt(this.#sumMs / this.#samples);
      this.#sumMs = 0;
      this.#samples = 0;
      this.#isFull = false;
    }
  }

  /** Takes an answer "429 Too Many Requests". Of answers to requests of the same moment the first one counts. */
  throttled(retryAfterMs: number): void {
    const nowMs = performance.now();
    if (nowMs >= this.#pausedUntilMs) {
      this.#set(this.#limit * THROTTLED_FACTOR);
    }
    this.#pausedUntilMs = Math.max(this.#pausedUntilMs, nowMs + retryAfterMs);
  }

  async #pause(signal: AbortSignal | undefined): Promise<void> {
    for (;;) {
      const pauseMs = this.#pausedUntilMs - performance.now();
      if (pauseMs <= 0) {
        return;
      }
      await sleep(pauseMs, undefined, { signal });
    }
  }

  #adapt(shortMs: number): void {
    this.#longMs =
      this.#longMs === 0 ? shortMs : this.#longMs + (shortMs - this.#longMs) * LONG_WEIGHT;
    const gradient = Math.min(1, Math.max(GRADIENT_MIN, (TOLERANCE * this.#longMs) / shortMs));
    // A limit that is not used says nothing about a higher one.
    const room = this.#isFull ? Math.sqrt(this.#limit) : 0;
    const wanted = this.#limit * gradient + room;
    this.#set(this.#limit * (1 - LIMIT_WEIGHT) + wanted * LIMIT_WEIGHT);
  }

  #set(limit: number): void {
    const { min, max } = this.#bounds;
    this.#limit = Math.min(max, Math.max(min, limit));
    this.#slots.concurrency = Math.floor(this.#limit);
  }
}
