import type { TSchema } from 'typebox';
import { Errors } from 'typebox/value';

import { parseExact } from '../exact-number.ts';
import type { FailureReport } from '../failure.ts';
import { fields } from '../fields.ts';
import { itemText } from '../item.ts';
import type { JsonPatchOperation } from '../restore/modifiers/modifier-rule.ts';
import {
  type ItemAnswer,
  ItemAnswerSchema,
  type ItemCall,
  ItemsAnswerSchema,
  type PluginItem,
} from './contract.ts';
import { actionText, subjectOf } from './plugin-action.ts';
import type { ItemOutcome, PlannedCall } from './plugin-call.ts';

/** What is wrong with something that a plugin said, and where: a JSON pointer, empty for the whole. */
interface AnswerFault {
  readonly pointer: string;
  readonly text: string;
}

/** The items of an answer, each for itself not yet checked. */
interface AnswerItems {
  readonly values: readonly unknown[];
  readonly isSealed: boolean;
}

/** What an answer says, checked: of the items that were asked about, and of others. */
export interface ReadAnswer {
  readonly items: readonly ItemOutcome[];
  readonly faults: readonly FailureReport[];
}

/** Opens what was sealed for the run; throws when it cannot be opened. */
type Open = (sealed: string) => string;

/**
 * The answer to a call, item by item: one that breaks the contract fails its own item, an answer that cannot be read at
 * all fails them all. The order is that of the call; an item without an answer is left out.
 */
export function readItemsAnswer(call: PlannedCall, answer: unknown, open: Open): ReadAnswer {
  const read = answerItems(answer, open);
  if ('pointer' in read) {
    const failed = call.items.map((asked) => failedItem(call, asked, read));
    return { items: failed, faults: [] };
  }
  const byId = new Map(call.items.map((asked) => [asked.requestId, asked]));
  const outcomes = new Map<string, ItemOutcome>();
  const faults: FailureReport[] = [];
  for (const [index, value] of read.values.entries()) {
    const pointer = `/items/${String(index)}`;
    const requestId = fields(value)['requestId'];
    const asked = typeof requestId === 'string' ? byId.get(requestId) : undefined;
    if (asked === undefined) {
      const fault = { pointer: `${pointer}/requestId`, text: 'is of no item that was asked about' };
      faults.push(answerFailure(call, fault));
    } else if (outcomes.has(asked.requestId)) {
      const fault = { pointer: `${pointer}/requestId`, text: 'stands in two answers' };
      outcomes.set(asked.requestId, failedItem(call, asked, fault));
    } else {
      const fault = itemFault(value, pointer, read.isSealed);
      const outcome =
        fault === undefined
          ? // The schema was checked.
            outcomeOf(call, asked, value as ItemAnswer)
          : failedItem(call, asked, fault);
      outcomes.set(asked.requestId, outcome);
    }
  }
  const items = call.items.flatMap(({ requestId }) => outcomes.get(requestId) ?? []);
  return { items, faults };
}

/** What is wrong with a value, or undefined: the first thing, where it is, and what is expected there. */
export function schemaFault(
  schema: TSchema,
  value: unknown,
  pointer = '',
): AnswerFault | undefined {
  const [first] = Errors(schema, value);
  if (first === undefined) {
    return undefined;
  }
  const { instancePath, message, params } = first;
  const missing = fields(params)['requiredProperties'];
  const member = Array.isArray(missing) ? `/${String(missing[0])}` : '';
  const text = member === '' ? message : 'is missing';
  return { pointer: `${pointer}${instancePath}${member}`, text };
}

/** Something that breaks the contract, as a run reports it: plugin, item and field. */
export function answerFailure(
  { plugin, action }: Pick<PlannedCall, 'plugin' | 'action'>,
  { pointer, text }: AnswerFault,
  item?: PluginItem,
): FailureReport {
  const about = item === undefined ? '' : itemText(item);
  const of = about === '' ? '' : ` for ${about}`;
  const field = pointer === '' ? 'it' : pointer;
  return {
    code: 'plugin-answer-invalid',
    message: `the answer of ${actionText({ plugin, action })},${of} breaks the contract: ${field} ${text}`,
    subject: subjectOf({ plugin, action }, about === '' ? pointer : about),
  };
}

function answerItems(answer: unknown, open: Open): AnswerItems | AnswerFault {
  const { sealed, items } = fields(answer);
  if (answer === null || answer === undefined) {
    return { values: [], isSealed: false };
  }
  // Each item is checked for itself, so that one that is wrong fails nothing else.
  const isBare = Array.isArray(items);
  const fault = schemaFault(ItemsAnswerSchema, isBare ? { ...fields(answer), items: [] } : answer);
  if (fault !== undefined) {
    return fault;
  }
  if (typeof sealed !== 'string') {
    return { values: isBare ? items : [], isSealed: false };
  }
  if (isBare) {
    return { pointer: '/sealed', text: 'and /items are given; one of the two is allowed' };
  }
  try {
    // Values of patches keep their digits.
    const opened = parseExact(open(sealed));
    return Array.isArray(opened)
      ? { values: opened, isSealed: true }
      : { pointer: '/sealed', text: 'holds no JSON array of items' };
  } catch {
    return {
      pointer: '/sealed',
      text: 'cannot be opened with the key of the run, or holds no JSON',
    };
  }
}

function itemFault(value: unknown, pointer: string, isSealed: boolean): AnswerFault | undefined {
  const fault = schemaFault(ItemAnswerSchema, value, pointer);
  if (fault !== undefined) {
    return fault;
  }
  // The schema was checked.
  const { patch = [] } = value as ItemAnswer;
  for (const [index, operation] of patch.entries()) {
    const at = `${pointer}/patch/${String(index)}`;
    const wrong = operationFault(operation, isSealed);
    if (wrong !== undefined) {
      return { pointer: `${at}${wrong.pointer}`, text: wrong.text };
    }
  }
  return undefined;
}

type AnsweredPatch = NonNullable<ItemAnswer['patch']>[number];
const NEEDS_VALUE: ReadonlySet<AnsweredPatch['op']> = new Set(['add', 'replace', 'test']);
const NEEDS_FROM: ReadonlySet<AnsweredPatch['op']> = new Set(['move', 'copy']);

function operationFault(operation: AnsweredPatch, isSealed: boolean): AnswerFault | undefined {
  const { op, path, from } = operation;
  const hasValue = 'value' in operation;
  if (!isPointer(path)) {
    return { pointer: '/path', text: 'must be a JSON pointer such as /metadata/labels/app' };
  }
  if (NEEDS_FROM.has(op) && (from === undefined || !isPointer(from))) {
    return { pointer: '/from', text: `must be a JSON pointer, since the operation is ${op}` };
  }
  if (NEEDS_VALUE.has(op) && !hasValue) {
    return { pointer: '/value', text: `is missing, and the operation ${op} needs it` };
  }
  return hasValue && !isSealed
    ? {
        pointer: '/value',
        text: 'stands in an answer that is not sealed; values of objects must be sealed for the replyKey',
      }
    : undefined;
}

/** The whole object cannot be named: a patch leaves it the same object. */
function isPointer(path: string): boolean {
  return path.startsWith('/') && !/~(?![01])/.test(path);
}

function outcomeOf(call: PlannedCall, asked: ItemCall, answer: ItemAnswer): ItemOutcome {
  const { requestId, item } = asked;
  const { patch, skip, additionalItems = [], operation, error } = answer;
  const { group, resource, namespace, name } = item;
  const outcome = { requestId, item: { group, resource, namespace, name } };
  const begun = operation === undefined ? {} : { operation };
  if (error !== undefined) {
    const failure = actionFailure(call, { code: 'plugin-failed', message: error }, item);
    return { ...outcome, ...begun, failure };
  }
  return {
    ...outcome,
    ...(patch === undefined ? {} : { patch: patch.map(patchOperation) }),
    ...(skip === undefined ? {} : { skip }),
    ...(additionalItems.length === 0 ? {} : { additionalItems: additionalItems.map(reference) }),
    ...(answer.waitForAdditionalItems === true ? { waitForAdditionalItems: true as const } : {}),
    ...begun,
  };
}

/** Why an action failed for an item, with the names of all three. */
export function actionFailure(
  { plugin, action }: Pick<PlannedCall, 'plugin' | 'action'>,
  { code, message: why }: FailureReport,
  item: PluginItem,
): FailureReport {
  const about = itemText(item);
  const message = `${actionText({ plugin, action })}, failed for ${about}: ${why}`;
  return { code, message, subject: subjectOf({ plugin, action }, about) };
}

function failedItem(call: PlannedCall, asked: ItemCall, fault: AnswerFault): ItemOutcome {
  const { requestId, item } = asked;
  const failure = answerFailure(call, fault, item);
  return { requestId, item: reference(item), failure, mayHaveBegun: true };
}

function reference({ group, resource, namespace, name }: PluginItem) {
  return { group, resource, namespace, name };
}

function patchOperation({ op, path, from = '', value }: AnsweredPatch): JsonPatchOperation {
  switch (op) {
    case 'remove':
      return { op, path };
    case 'move':
    case 'copy':
      return { op, path, from };
    default:
      return { op, path, value: JSON.stringify(value) };
  }
}
