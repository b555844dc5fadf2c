import { durationMs } from '../duration.ts';
import { isDnsLabel } from '../names.ts';
import { HOOK_ERROR_MODES, type HookErrorMode } from './hook.ts';

/** What a text stands for, or what is wrong with it, as it goes on after the place where it is. */
export type Reading<Value> = { readonly value: Value } | { readonly fault: string };

/** From when to when a duration is one that makes sense. */
interface DurationRange {
  readonly minMs: number;
  readonly maxMs: number;
  readonly words: string;
}

const HOUR_MS = 3_600_000;
/** How long a command may run. Velero's limit. */
export const RUN_RANGE = { minMs: 1, maxMs: 4 * HOUR_MS, words: 'more than 0s and at most 4h' };
/** How long a container may be waited for. */
export const WAIT_RANGE = { minMs: 1, maxMs: 24 * HOUR_MS, words: 'more than 0s and at most 24h' };
/** After how long a pod may be thawed. */
export const THAW_RANGE = { minMs: 1000, maxMs: 24 * HOUR_MS, words: '1s to 24h' };

/** Characters that a fault quotes of a value. */
const QUOTED_MAX = 80;
const COMMAND_RULE = 'write a program, or a JSON array of strings such as ["sync", "--all"]';
/** As Go's strconv.ParseBool has it. */
const TRUTHS: readonly unknown[] = [true, ...['true', 'True', 'TRUE', 't', 'T', '1']];
const LIES: readonly unknown[] = [false, ...['false', 'False', 'FALSE', 'f', 'F', '0']];

/** Reads a Go duration within a range as milliseconds. */
export function readDuration(range: DurationRange): (value: unknown) => Reading<number> {
  return (value) => {
    const ms = typeof value === 'string' ? durationMs(value) : undefined;
    if (ms === undefined) {
      return { fault: `is ${quoted(value)}, which is no duration such as 30s` };
    }
    return ms < range.minMs || ms > range.maxMs
      ? { fault: `is ${quoted(value)}, which is out of range; write ${range.words}` }
      : { value: ms };
  };
}

export function readErrorMode(value: unknown): Reading<HookErrorMode> {
  const mode = HOOK_ERROR_MODES.find((known) => known === value);
  return mode === undefined
    ? { fault: `is ${quoted(value)}; write ${HOOK_ERROR_MODES.join(' or ')}` }
    : { value: mode };
}

export function readTruth(value: unknown): Reading<boolean> {
  if (TRUTHS.includes(value) || LIES.includes(value)) {
    return { value: TRUTHS.includes(value) };
  }
  return { fault: `is ${quoted(value)}; write true or false` };
}

/**
 * Reads the program and the arguments: a list, a JSON array in a text, or a text that is the program. A command may hold
 * passwords, so that no fault quotes it.
 */
export function readCommand(value: unknown): Reading<readonly string[]> {
  const isJson = typeof value === 'string' && value.trim().startsWith('[');
  const words = isJson ? parsedJson(value) : [value].flat();
  if (!Array.isArray(words)) {
    return { fault: `begins with "[" and cannot be read as JSON; ${COMMAND_RULE}` };
  }
  if (!words.every((word) => typeof word === 'string')) {
    return { fault: `has something else than strings; ${COMMAND_RULE}` };
  }
  if (words.some((word) => word.includes('\0'))) {
    return { fault: `has a NUL character, which no argument can have; ${COMMAND_RULE}` };
  }
  return (words[0] ?? '').trim() === ''
    ? { fault: `names no program; ${COMMAND_RULE}` }
    : { value: words };
}

/** The name of a container, which must be one of those of the pod, or may be any where the pod is not known. */
export function readContainer(existing?: readonly string[]): (value: unknown) => Reading<string> {
  return (value) => {
    if (typeof value === 'string' && existing?.includes(value) !== false) {
      return { value };
    }
    const names = existing?.join(', ') ?? '';
    const remedy = names === '' ? 'write the name of a container' : `the pod has ${names}`;
    return { fault: `is ${quoted(value)}, which is no container of the pod; ${remedy}` };
  };
}

/** The name of a container that is added. */
export function readContainerName(value: unknown): Reading<string> {
  return typeof value === 'string' && isDnsLabel(value)
    ? { value }
    : { fault: `is ${quoted(value)}; write lower-case letters, digits and "-", 63 at most` };
}

export function readImage(value: unknown): Reading<string> {
  return typeof value === 'string' && /^\S+$/.test(value)
    ? { value }
    : { fault: `is ${quoted(value)}, which is no name of an image` };
}

/** A value as a fault tells it. */
export function quoted(value: unknown): string {
  const text = typeof value === 'string' ? value : JSON.stringify(value);
  // Half of a character is none.
  const beginning = text.slice(0, QUOTED_MAX).replace(/[\uD800-\uDBFF]$/, '');
  return `"${beginning}${text.length > QUOTED_MAX ? '…' : ''}"`;
}

function parsedJson(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch {
    return undefined;
  }
}
