import type { RunLogEntry } from '../domain/run-log/entry.ts';
import { color } from './output/color.ts';

const PAINT = { info: (text: string) => text, warning: color.yellow, error: color.red } as const;

/** A line of a log for people: time, level, step, what it is about, what happened, and what to do about it. */
export function logLineText(line: string): string {
  // The API answers with lines of this type.
  const entry = JSON.parse(line) as RunLogEntry;
  const { time, level, step, object, message, hint } = entry;
  const about = object === undefined || message.includes(object) ? '' : `${object}: `;
  const where = message.startsWith(step) ? '' : `${step} `;
  const words = inOneLine(`${where}${about}${message}${remarks(entry)}`);
  const isHinted = hint !== undefined && level !== 'info';
  const advice = isHinted ? ` ${color.dim(`(${inOneLine(hint)})`)}` : '';
  return `${time} ${PAINT[level](level.toUpperCase())} ${words}${advice}\n`;
}

/** ` [cluster-unreachable, attempt 2, ECONNREFUSED]` */
function remarks({ code, attempt, cause, node }: RunLogEntry): string {
  const words = [
    ...(code === undefined ? [] : [code]),
    ...(attempt === undefined ? [] : [`attempt ${String(attempt)}`]),
    ...(cause === undefined ? [] : [cause]),
    ...(node === undefined ? [] : [`node ${node}`]),
  ];
  return words.length === 0 ? '' : ` [${words.join(', ')}]`;
}

/** Hooks may write anything: what would move the cursor, or colour the rest, is shown and not done. */
function inOneLine(text: string): string {
  return text.replaceAll(/\p{Cc}/gu, (character) =>
    character === '\n'
      ? String.raw`\n`
      : `\\u${character.charCodeAt(0).toString(16).padStart(4, '0')}`,
  );
}
