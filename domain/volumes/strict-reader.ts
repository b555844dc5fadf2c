import type { FailureCode, FieldError } from '../failure.ts';
import { type Fields, isMapping } from '../fields.ts';
import { memberPointer } from '../json-pointer.ts';

/** Errors that are told; a file with more is wrong as a whole. */
const ERRORS_MAX = 100;
/** Characters that an error quotes of a name. */
const QUOTED_MAX = 64;

/**
 * Reads a value that people wrote, whose shape is to be exact, and gathers all that is wrong with it. What is wrong
 * reads as empty, so the result counts only where there are no errors.
 */
export class StrictReader {
  readonly #code: FailureCode;
  readonly #errors: FieldError[] = [];

  constructor(code: FailureCode) {
    this.#code = code;
  }

  get errors(): readonly FieldError[] {
    return this.#errors;
  }

  /** Notes an error, unless it follows from one around it; `remedy` goes on after the pointer: `must be a list`. */
  refuse(pointer: string, remedy: string): void {
    const isPart = this.#errors.some((error) => pointer.startsWith(`${error.pointer}/`));
    if (!isPart && this.#errors.length < ERRORS_MAX) {
      this.#errors.push({ pointer, code: this.#code, detail: `${pointer} ${remedy}` });
    }
  }

  /** A mapping, of the known fields alone. */
  mapping(value: unknown, pointer: string, known: readonly string[]): Fields {
    const read = this.#anyMapping(value, pointer);
    for (const name of Object.keys(read)) {
      if (!known.includes(name)) {
        this.refuse(inside(pointer, name), `is not known; the fields are ${known.join(', ')}`);
      }
    }
    return read;
  }

  /** A mapping of any fields. */
  openMapping(value: unknown, pointer: string): Fields {
    return this.#anyMapping(value, pointer);
  }

  textMapping(value: unknown, pointer: string): Record<string, string> {
    const entries = Object.entries(this.#anyMapping(value, pointer));
    return Object.fromEntries(
      entries.map(([name, text]) => [name, this.text(text, inside(pointer, name))]),
    );
  }

  elements(value: unknown, pointer: string): readonly unknown[] {
    if (Array.isArray(value)) {
      return value;
    }
    this.refuse(pointer, 'must be a list');
    return [];
  }

  texts(value: unknown, pointer: string): string[] {
    return this.elements(value, pointer).map((text, index) =>
      this.text(text, inside(pointer, String(index))),
    );
  }

  text(value: unknown, pointer: string): string {
    if (typeof value === 'string') {
      return value;
    }
    this.refuse(pointer, 'must be text; put other values in quotes');
    return '';
  }

  #anyMapping(value: unknown, pointer: string): Fields {
    if (isMapping(value)) {
      return value;
    }
    this.refuse(pointer, 'must be a mapping; an empty one is {}');
    return {};
  }
}

/** The JSON pointer to a part of what a pointer names. */
export function inside(pointer: string, name: string): string {
  return memberPointer(pointer, name.slice(0, QUOTED_MAX));
}
