import type { FieldError } from '../../failure.ts';
import type { Fields } from '../../fields.ts';
import type { LabelSelector } from '../../selection/label-selector.ts';
import { readLabelSelector } from '../../selection/selector-reader.ts';
import { inside, StrictReader } from '../../volumes/strict-reader.ts';
import { globExpression, goExpression } from './go-pattern.ts';
import {
  type JsonPatchOperation,
  type ModifierConditions,
  type ModifierPatch,
  type ModifierRule,
  PATCH_OPERATIONS,
  type ValueMatch,
} from './modifier-rule.ts';
import { type JsonText, patchValueJson, quoted } from './patch-value.ts';

/** What pointers into the modifiers begin with; they are a document beside the request. */
const MODIFIERS_ROOT = 'resourceModifier:';

const CODE = 'modifier-not-usable';
const VERSION = 'v1';
/** Characters of a pattern, and rules: they bound the work on an object. */
const PATTERN_LENGTH_MAX = 512;
const RULES_MAX = 200;
const PATCH_FIELDS = ['patches', 'mergePatches', 'strategicPatches'] as const;
const CONDITION_FIELDS = [
  ...['groupResource', 'resourceNameRegex', 'namespaces', 'labelSelector', 'matches'],
];

/** What was read, or all that is wrong with it. */
export type ReadModifiers =
  { readonly rules: readonly ModifierRule[] } | { readonly errors: readonly FieldError[] };

/** The JSON of a text of YAML, which JSON is too, or what is wrong with it: `is not YAML at line 3`. */
export type TextReader = (text: string) => JsonText;

/** Reads the value that the YAML of Velero's resource modifiers stands for. */
export function readModifiers(document: unknown, readText: TextReader): ReadModifiers {
  const reader = new ModifierReader(readText);
  const rules = reader.document(document);
  return reader.errors.length > 0 ? { errors: reader.errors } : { rules };
}

class ModifierReader {
  readonly #reader = new StrictReader(CODE);
  readonly #readText: TextReader;

  constructor(readText: TextReader) {
    this.#readText = readText;
  }

  get errors(): readonly FieldError[] {
    return this.#reader.errors;
  }

  document(document: unknown): ModifierRule[] {
    const known = ['version', 'resourceModifierRules'];
    const given = this.#reader.mapping(document, MODIFIERS_ROOT, known);
    if (String(given['version']).toLowerCase() !== VERSION) {
      this.#reader.refuse(`${MODIFIERS_ROOT}/version`, `must be ${VERSION}`);
    }
    const pointer = `${MODIFIERS_ROOT}/resourceModifierRules`;
    const rules = this.#reader.elements(given['resourceModifierRules'] ?? [], pointer);
    if (rules.length === 0 || rules.length > RULES_MAX) {
      this.#reader.refuse(pointer, `must have 1 to ${String(RULES_MAX)} rules`);
      return [];
    }
    return rules.map((rule, index) => this.#rule(rule, inside(pointer, String(index))));
  }

  #rule(value: unknown, pointer: string): ModifierRule {
    const given = this.#reader.mapping(value, pointer, ['conditions', ...PATCH_FIELDS]);
    return {
      conditions: this.#conditions(given['conditions'] ?? {}, `${pointer}/conditions`),
      patch: this.#patch(given, pointer),
    };
  }

  #conditions(value: unknown, pointer: string): ModifierConditions {
    const given = this.#reader.mapping(value, pointer, CONDITION_FIELDS);
    const groupResource = this.#pattern(given['groupResource'] ?? '', `${pointer}/groupResource`, {
      read: (text) => globExpression(text, '.'),
      remedy: 'is a pattern that cannot be read; write a type as "deployments.apps" or "*.apps"',
    });
    if (groupResource === '') {
      this.#reader.refuse(
        `${pointer}/groupResource`,
        'must name a type; "*.*" and "*" are patterns',
      );
    }
    const namespaces = this.#reader
      .elements(given['namespaces'] ?? [], `${pointer}/namespaces`)
      .map((one, index) =>
        this.#pattern(one, `${pointer}/namespaces/${String(index)}`, {
          read: globExpression,
          remedy: 'is a pattern that cannot be read; the wildcards are "*", "?", "[a-c]", "{a,b}"',
        }),
      );
    const regex = this.#pattern(given['resourceNameRegex'] ?? '', `${pointer}/resourceNameRegex`, {
      read: goExpression,
      remedy: 'is no regular expression that can be read; correct it',
    });
    return {
      ...{ groupResource, namespaces },
      ...(regex === '' ? {} : { resourceNameRegex: regex }),
      ...this.#selector(given['labelSelector'], `${pointer}/labelSelector`),
      matches: this.#reader
        .elements(given['matches'] ?? [], `${pointer}/matches`)
        .map((one, index) => this.#match(one, `${pointer}/matches/${String(index)}`)),
    };
  }

  #selector(value: unknown, pointer: string): { labelSelector?: LabelSelector } {
    return value === undefined || value === null
      ? {}
      : { labelSelector: readLabelSelector(this.#reader, value, { pointer }) };
  }

  #match(value: unknown, pointer: string): ValueMatch {
    const given = this.#reader.mapping(value, pointer, ['path', 'value']);
    return {
      path: this.#path(given['path'], `${pointer}/path`),
      value: this.#value(given['value'], `${pointer}/value`),
    };
  }

  #patch(given: Fields, pointer: string): ModifierPatch {
    const present = PATCH_FIELDS.filter((field) => !isEmpty(given[field]));
    const [field] = present;
    if (field === undefined || present.length > 1) {
      this.#reader.refuse(pointer, `must have one of ${PATCH_FIELDS.join(', ')}`);
      return { kind: 'merge', patches: [] };
    }
    const at = `${pointer}/${field}`;
    const elements = this.#reader.elements(given[field], at);
    if (field === 'patches') {
      const operations = elements.map((one, index) =>
        this.#operation(one, `${at}/${String(index)}`),
      );
      return { kind: 'json', operations };
    }
    const patches = elements.map((one, index) => this.#patchData(one, `${at}/${String(index)}`));
    return { kind: field === 'mergePatches' ? 'merge' : 'strategic', patches };
  }

  #operation(value: unknown, pointer: string): JsonPatchOperation {
    const known = ['operation', 'from', 'path', 'value'];
    const given = this.#reader.mapping(value, pointer, known);
    const op = PATCH_OPERATIONS.find((word) => word === given['operation']);
    const path = this.#path(given['path'], `${pointer}/path`);
    switch (op) {
      case 'add':
      case 'replace':
      case 'test':
        return { op, path, value: this.#value(given['value'], `${pointer}/value`) };
      case 'move':
      case 'copy':
        return { op, path, from: this.#path(given['from'], `${pointer}/from`) };
      case undefined:
        this.#reader.refuse(
          `${pointer}/operation`,
          `must be one of ${PATCH_OPERATIONS.join(', ')}`,
        );
        return { op: 'remove', path };
      case 'remove':
        return { op, path };
    }
  }

  #patchData(value: unknown, pointer: string): string {
    const given = this.#reader.mapping(value, pointer, ['patchData']);
    const at = `${pointer}/patchData`;
    const read = this.#readText(this.#reader.text(given['patchData'] ?? '', at));
    if ('fault' in read) {
      this.#reader.refuse(at, read.fault);
      return '{}';
    }
    if (!read.json.trimStart().startsWith('{')) {
      this.#reader.refuse(at, 'must be a mapping in YAML or JSON');
    }
    return read.json;
  }

  #path(value: unknown, pointer: string): string {
    const text = this.#reader.text(value ?? '', pointer);
    const read = quoted(text);
    if ('fault' in read) {
      this.#reader.refuse(pointer, read.fault);
    } else if (!text.startsWith('/')) {
      this.#reader.refuse(pointer, 'must be a JSON pointer, as in "/spec/replicas"');
    } else {
      // What is quoted is a text.
      return JSON.parse(read.json) as string;
    }
    return '';
  }

  /** Plain values of YAML are read as the text that they are written as. */
  #value(value: unknown, pointer: string): string {
    const isPlain =
      typeof value === 'boolean' || (typeof value === 'number' && Math.abs(value) < 2 ** 53);
    const text = isPlain ? String(value) : this.#reader.text(value ?? '', pointer);
    const read = patchValueJson(text);
    if ('fault' in read) {
      this.#reader.refuse(pointer, read.fault);
      return 'null';
    }
    return read.json;
  }

  #pattern(
    value: unknown,
    pointer: string,
    { read, remedy }: { read: (text: string) => RegExp; remedy: string },
  ): string {
    const text = this.#reader.text(value, pointer);
    if (text.length > PATTERN_LENGTH_MAX) {
      this.#reader.refuse(pointer, `must have at most ${String(PATTERN_LENGTH_MAX)} characters`);
      return '';
    }
    try {
      read(text);
    } catch (error) {
      if (!(error instanceof SyntaxError)) {
        throw error;
      }
      this.#reader.refuse(pointer, remedy);
    }
    return text;
  }
}

function isEmpty(value: unknown): boolean {
  return value === undefined || value === null || (Array.isArray(value) && value.length === 0);
}
