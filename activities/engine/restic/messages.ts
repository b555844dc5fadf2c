import { isMapping, type Fields } from '../../../domain/fields.ts';
import type { ItemErrors, ItemError } from '../../../domain/volumes/volume-copy.ts';

const ERRORS_NAMED_MAX = 100;
const PATH_CHARS_MAX = 300;
const REASON_CHARS_MAX = 120;
const LOG_LINES_MAX = 40;
const LOG_LINE_CHARS_MAX = 500;
const ID = /^[0-9a-f]{64}$/;

/**
 * What restic says only in words, with the version that says it so (0.19.1, unchanged since 0.18). Everything else is
 * told by exit codes and fields. The system's own words for an error number are the same on every Linux.
 */
const WORDS = {
  locationFails: 'returned error, retrying after',
  locationWorks: 'operation successful after',
  noSpace:
    /no space left on device|storage ?(is )?full|quota ?exceeded|insufficient ?storage|minimum free drive/i,
  denied: /\bclient\.\w+: access denied/i,
  damaged: /ciphertext verification failed|decrypting blob|ReadFull\(</,
} as const;

/** Numbers of a status line; backup and restore name them differently. */
export interface Status {
  readonly filesDone: number;
  readonly filesTotal: number;
  readonly bytesDone: number;
  readonly bytesTotal: number;
}

/** Reads what one restic process writes, line by line, and keeps a bounded part of it. */
export class ResticOutput {
  status: Status | undefined;
  summary: Fields | undefined;
  /** The one document of a command that writes no messages. */
  document: unknown;
  /** Since when the location fails without a success in between, by `performance.now()`. */
  locationFailsSinceMs: number | undefined;
  /** Whether the repository, or the cache folder, has no room. */
  hasNoSpace = false;
  /** Whether there was no room for an item: in a restore, in the volume. */
  hasNoSpaceForItem = false;
  isDenied = false;
  /** Whether data of the repository could not be read as it was written. */
  isDamaged = false;
  /** Ids that stand alone on their lines. */
  readonly ids: string[] = [];
  readonly #log: string[] = [];
  readonly #errors: ItemError[] = [];
  readonly #answers: readonly number[];
  #errorCount = 0;

  /** `answers`: exit codes that answer what was asked for, so that what restic says of them is no news. */
  constructor(answers: readonly number[] = []) {
    this.#answers = answers;
  }

  /** Takes a line; gives it back if it says nothing to a program. */
  take(line: string): string | undefined {
    const value = parse(line);
    if (isMapping(value) && typeof value['message_type'] === 'string') {
      return this.#message(value['message_type'], value);
    }
    if (value !== undefined) {
      this.document = value;
      return undefined;
    }
    const text = line.trim();
    if (ID.test(text)) {
      this.ids.push(text);
      return undefined;
    }
    if (text === '') {
      return undefined;
    }
    this.#words(text);
    this.#remember(text);
    return text;
  }

  get itemErrors(): ItemErrors {
    return { errorCount: this.#errorCount, errors: this.#errors };
  }

  /** The end of what restic said in words. */
  get log(): readonly string[] {
    return this.#log;
  }

  #message(type: string, fields: Fields): string | undefined {
    if (type === 'status') {
      this.status = statusOf(fields);
      return undefined;
    }
    if (type === 'summary') {
      this.summary = fields;
      return undefined;
    }
    const text = messageText(fields);
    if (type === 'error' && typeof fields['item'] === 'string') {
      this.#itemError(fields['item'], text);
      return undefined;
    }
    this.#words(text);
    if (text !== '') {
      this.#remember(text);
    }
    const isAnswer = type === 'exit_error' && this.#answers.includes(numberOf(fields, 'code'));
    return isAnswer ? undefined : text;
  }

  #itemError(path: string, text: string): void {
    this.#errorCount += 1;
    // The reason stands behind the last colon: "open /data/file: permission denied".
    const reason = text.slice(text.lastIndexOf(': ') + 1).trim();
    this.hasNoSpaceForItem ||= WORDS.noSpace.test(reason);
    // What a file is called says nothing.
    this.isDamaged ||= WORDS.damaged.test(text.replaceAll(path, ''));
    if (this.#errors.length < ERRORS_NAMED_MAX) {
      this.#errors.push({
        path: path.slice(0, PATH_CHARS_MAX),
        reason: reason.slice(0, REASON_CHARS_MAX),
      });
    }
  }

  #words(text: string): void {
    if (text.includes(WORDS.locationFails)) {
      this.locationFailsSinceMs ??= performance.now();
    } else if (text.includes(WORDS.locationWorks)) {
      this.locationFailsSinceMs = undefined;
    }
    this.hasNoSpace ||= WORDS.noSpace.test(text);
    this.isDenied ||= WORDS.denied.test(text);
    this.isDamaged ||= WORDS.damaged.test(text);
  }

  #remember(text: string): void {
    this.#log.push(text.slice(0, LOG_LINE_CHARS_MAX));
    if (this.#log.length > LOG_LINES_MAX) {
      this.#log.shift();
    }
  }
}

/** A number of a message; fields that are 0 are left out of it. */
export function numberOf(fields: Fields, name: string): number {
  const value = fields[name];
  return typeof value === 'number' ? value : 0;
}

function statusOf(fields: Fields): Status {
  const restored = numberOf(fields, 'files_restored') + numberOf(fields, 'files_skipped');
  const written = numberOf(fields, 'bytes_restored') + numberOf(fields, 'bytes_skipped');
  return {
    filesDone: numberOf(fields, 'files_done') + restored,
    filesTotal: numberOf(fields, 'total_files'),
    bytesDone: numberOf(fields, 'bytes_done') + written,
    bytesTotal: numberOf(fields, 'total_bytes'),
  };
}

function messageText(fields: Fields): string {
  const error = fields['error'];
  const text = isMapping(error) ? error['message'] : fields['message'];
  return typeof text === 'string' ? text.trim() : '';
}

function parse(line: string): unknown {
  if (!line.startsWith('{') && !line.startsWith('[')) {
    return undefined;
  }
  try {
    return JSON.parse(line);
  } catch {
    return undefined;
  }
}
