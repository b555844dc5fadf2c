import { InvalidArgumentError } from 'commander';

import { type JsonPath, JsonPathError, parseJsonPath } from './json-path.ts';

const WORDS = ['table', 'wide', 'json', 'yaml', 'name'] as const;
const JSON_PATH = 'jsonpath=';

/** How to print, read. */
export type Format = (typeof WORDS)[number] | JsonPath;

/** What `-o` takes, in words. */
export const FORMATS = [...WORDS, `${JSON_PATH}TEMPLATE`].join('|');
/** What it takes where nothing that is printed has a name. */
export const NAMELESS_FORMATS = FORMATS.replace('|name', '');

/** Reads the value of `-o`. */
export function readFormat(written: string): Format {
  // As with kubectl, `-o=json` is `-o json`.
  const text = written.replace(/^=/, '');
  if (text.startsWith(JSON_PATH)) {
    return readJsonPath(text.slice(JSON_PATH.length));
  }
  const word = WORDS.find((one) => one === text);
  if (word === undefined) {
    throw new InvalidArgumentError(`it must be one of ${FORMATS}`);
  }
  return word;
}

/** Reads the value of `-o` where nothing that is printed has a name. */
export function readNamelessFormat(written: string): Format {
  const format = readFormat(written);
  if (format === 'name') {
    throw new InvalidArgumentError(`there is no name to print; use one of ${NAMELESS_FORMATS}`);
  }
  return format;
}

/** Whether it is made for people, and not for programs. */
export function isForPeople(format: Format): format is 'table' | 'wide' {
  return format === 'table' || format === 'wide';
}

function readJsonPath(template: string): JsonPath {
  try {
    return parseJsonPath(template);
  } catch (error) {
    throw error instanceof JsonPathError ? new InvalidArgumentError(error.message) : error;
  }
}
