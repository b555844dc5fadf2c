import { Failure } from './failure.ts';

const PART = /(\d+(?:\.\d+)?)(ms|h|m|s)/g;
const WHOLE = /^(\d+(\.\d+)?(ms|h|m|s))+$/;
const UNIT_MS: Readonly<Record<string, number>> = { h: 3_600_000, m: 60_000, s: 1000, ms: 1 };

/** Reads a Go duration (`720h0m0s`, `90s`) as milliseconds. Throws `invalid-request` that names the field. */
export function parseDuration(text: string, field: string): number {
  const ms = durationMs(text);
  if (ms === undefined) {
    throw new Failure('invalid-request', `${field} must be a duration such as 720h0m0s or 30m`, {
      subject: field,
    });
  }
  return ms;
}

/** A Go duration in milliseconds; undefined for a text that is none. */
export function durationMs(text: string): number | undefined {
  if (!WHOLE.test(text)) {
    return undefined;
  }
  let totalMs = 0;
  for (const [, amount, unit] of text.matchAll(PART)) {
    totalMs += Number(amount) * (UNIT_MS[unit ?? ''] ?? 0);
  }
  return totalMs;
}

/** A duration of whole seconds as Go writes it: `48h0m0s`, `1m30s`, `5s`. */
export function goDuration(ms: number): string {
  const seconds = Math.round(ms / 1000);
  const [hours, minutes] = [Math.floor(seconds / 3600), Math.floor(seconds / 60) % 60];
  const parts = [
    ...(hours > 0 ? [`${String(hours)}h`] : []),
    ...(seconds >= 60 ? [`${String(minutes)}m`] : []),
    `${String(seconds % 60)}s`,
  ];
  return parts.join('');
}

/** A time as the stored record has it: RFC 3339 in UTC, whole seconds. */
export function recordTime(epochMs: number): string {
  return new Date(epochMs).toISOString().replace(/\.\d{3}Z$/, 'Z');
}
