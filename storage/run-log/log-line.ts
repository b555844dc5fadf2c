import type { RunLogEntry } from '../../domain/run-log/entry.ts';

/** Longest line, in bytes. */
const LINE_BYTES_MAX = 8 * 1024;

/** Bytes that the long texts of an entry may have in its JSON; together with the others they fit into a line. */
const BYTES_MAX = { message: 5 * 1024, cause: 1024, hint: 512, object: 512, node: 256 } as const;
/** Of what stands in place of a rest: ` [1234567 characters left out]`. */
const NOTE_BYTES = 40;

/** An entry as a line of JSON, without a line feed. What is too long is cut, and says how much is left out. */
export function logLine(entry: RunLogEntry): string {
  const line = JSON.stringify(entry);
  return Buffer.byteLength(line) <= LINE_BYTES_MAX ? line : JSON.stringify(shortened(entry));
}

function shortened(entry: RunLogEntry): RunLogEntry {
  const cut = Object.entries(BYTES_MAX).flatMap(([field, bytesMax]) => {
    const text = entry[field as keyof typeof BYTES_MAX];
    return text === undefined ? [] : [[field, cutText(text, bytesMax)]];
  });
  return { ...entry, ...(Object.fromEntries(cut) as Partial<RunLogEntry>) };
}

function cutText(text: string, bytesMax: number): string {
  if (jsonBytes(text) <= bytesMax) {
    return text;
  }
  const roomBytes = bytesMax - NOTE_BYTES;
  let length = Math.min(text.length, roomBytes);
  for (let bytes = jsonBytes(text.slice(0, length)); bytes > roomBytes;) {
    length = Math.floor((length * roomBytes) / bytes);
    bytes = jsonBytes(text.slice(0, length));
  }
  // Not between the halves of a character.
  const kept = text.slice(0, length).replace(/[\uD800-\uDBFF]$/, '');
  return `${kept} [${String(text.length - kept.length)} characters left out]`;
}

function jsonBytes(text: string): number {
  return Buffer.byteLength(JSON.stringify(text));
}
