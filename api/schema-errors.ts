import type { FastifyError } from 'fastify';

import type { FailureCode, FieldError } from '../domain/failure.ts';
import { memberPointer } from '../domain/json-pointer.ts';

/** A part of a request that has a schema. */
type RequestPart = NonNullable<FastifyError['validationContext']>;

/** One fault that a schema finds. */
type SchemaIssue = NonNullable<FastifyError['validation']>[number];

/** Rules of the schemas that say how names are made, and the texts under the same rules that are none. */
const NAME_KEYWORDS: ReadonlySet<string> = new Set(['pattern', 'minLength', 'maxLength']);
const NO_NAMES: ReadonlySet<string> = new Set([
  ...['limit', 'continue', 'ttl', 'labelSelector', 'unavailableTimeout', 'callTimeout'],
  'idempotency-key',
]);

/** What a fault of each rule is called; of the others, the words of the validator do. */
const FAULTS: Readonly<Record<string, (issue: SchemaIssue, part: RequestPart) => string>> = {
  additionalProperties: () => 'is not a field that is known; remove it',
  required: () => 'is missing',
  pattern: patternFault,
  enum: ({ params }) => `must be one of ${[params['allowedValues']].flat().join(', ')}`,
  const: ({ params }) => `must be "${String(params['allowedValue'])}"`,
  // Of what is asked for as a text, the parser makes a list when it is there twice.
  type: ({ message = '' }, part) =>
    part === 'querystring' ? 'is given more than once; give it once' : message,
  minLength: emptyFault,
  minItems: emptyFault,
  maxLength: ({ params }) => `must have at most ${String(params['limit'])} characters`,
  maxItems: ({ params }) => `must have at most ${String(params['limit'])} entries`,
  maxProperties: ({ params }) => `must have at most ${String(params['limit'])} entries`,
};

/** A fault that a schema finds, with its field and what is right. */
export function schemaError(issue: SchemaIssue, part: RequestPart): FieldError {
  const { keyword, message = 'is not valid' } = issue;
  const path = pathOf(issue);
  return {
    pointer: part === 'body' ? path : `${part}:${path}`,
    code: codeOf(issue),
    detail: `${subjectOf(path, part)} ${FAULTS[keyword]?.(issue, part) ?? message}`,
  };
}

function codeOf(issue: SchemaIssue): FailureCode {
  if (issue.keyword === 'additionalProperties') {
    return 'unknown-field';
  }
  const isOfName = NAME_KEYWORDS.has(issue.keyword) && !NO_NAMES.has(leafName(issue));
  return isOfName ? 'invalid-name' : 'invalid-request';
}

/** Where the fault is: a field that is not there, or should not be, is named as well. */
function pathOf({ instancePath, params }: SchemaIssue): string {
  const member = params['additionalProperty'] ?? params['missingProperty'];
  return typeof member === 'string' ? memberPointer(instancePath, member) : instancePath;
}

/** How a text names the thing: a parameter by its name, a field by its pointer. */
function subjectOf(path: string, part: RequestPart): string {
  return part === 'body' ? path || 'the body' : path.slice(1);
}

/** Patterns are those of names, and that of numbers in parameters. */
function patternFault(issue: SchemaIssue): string {
  if (leafName(issue) === 'limit') {
    return 'must be a whole number from 1 on, of at most six digits';
  }
  const hasDots = String(issue.params['pattern']).includes('\\.');
  const letters = `lower-case letters, digits${hasDots ? ', "-" and "."' : ' and "-"'}`;
  return `must be ${letters}, beginning and ending with a letter or digit`;
}

/** Whatever must have a length must have one of 1 or more. */
function emptyFault(_: SchemaIssue, part: RequestPart): string {
  return `is empty; give it a value${part === 'querystring' ? ', or leave it out' : ''}`;
}

function leafName({ instancePath }: SchemaIssue): string {
  return instancePath.slice(instancePath.lastIndexOf('/') + 1);
}
