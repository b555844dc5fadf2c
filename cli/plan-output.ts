import { itemText } from '../domain/item.ts';
import { pointerTokens } from '../domain/json-pointer.ts';
import { countsText } from '../domain/restore/plan-tally.ts';
import type { PlannedItem, RestorePlanReport } from '../domain/restore/restore-preview.ts';
import type { ShownChange } from '../domain/restore/shown-diff.ts';
import { columnsText } from './columns.ts';

const SIGNS = { add: '+', remove: '-', replace: '~' } as const;
/** Flags of `restore plan` that a restore has not, or gets another value for. */
const DROPPED = /^(--(details|dry-run)$|(-o|--output|--plan-digest)=)/;
const DROPPED_WITH_VALUE: readonly string[] = ['-o', '--output', '--plan-digest'];
/** Text that a shell takes as it is. */
const PLAIN = /^[\w@%+=:,./*-]+$/;

/** What a restore would do, for people. */
export function planText(
  plan: RestorePlanReport,
  { isDetailed }: { readonly isDetailed: boolean },
): string {
  const shown = plan.items.filter(
    ({ action, isChecked }) => isDetailed || isChecked === false || !EXPECTED.has(action),
  );
  return [
    `Backup: ${plan.backupName}\n`,
    `Plan: ${countsText(plan.counts)}\n`,
    section('Waves', columnsText(plan.waves.map(({ name, items }) => [name, String(items)]))),
    section('Items', shown.map(itemLines).join('')),
    plan.more === undefined ? '' : `Not listed, because it is too much: ${countsText(plan.more)}\n`,
    plan.isShortened === true ? 'Shortened, because it is too much: values of fields\n' : '',
    section('Left out', columnsText(leftOutRows(plan))),
    section('Owners in a circle', cycleLines(plan)),
    plan.tooDeep === 0
      ? ''
      : `Too deep: ${String(plan.tooDeep)}, applied together with owners of theirs\n`,
    `Digest: ${plan.digest}\n`,
  ].join('');
}

/** Actions that nobody has to look at. */
const EXPECTED: ReadonlySet<string> = new Set(['create', 'unchanged']);

/** The arguments of `restore create` that start what was planned, and nothing else, for a shell. */
export function boundCommand(planArguments: readonly string[], digest: string): string {
  const kept = planArguments.filter((argument, index) => {
    const before = planArguments[index - 1] ?? '';
    return !DROPPED.test(argument) && ![argument, before].some(isFlagWithValue);
  });
  const verb = kept.findIndex((word) => word === 'plan' || word === 'create');
  const words = kept.with(verb, 'create');
  return ['holdfast', ...words, '--plan-digest', digest].map(quoted).join(' ');
}

function isFlagWithValue(argument: string): boolean {
  return DROPPED_WITH_VALUE.includes(argument);
}

function quoted(argument: string): string {
  return PLAIN.test(argument) ? argument : `'${argument.replaceAll("'", `'\\''`)}'`;
}

function section(heading: string, text: string): string {
  return text === '' ? '' : `${heading}:\n${text.replaceAll(/^(?=.)/gm, '  ')}`;
}

function itemLines(item: PlannedItem): string {
  const { action, reason, diff = [], moreChanges } = item;
  const lines = [
    `${action} ${itemText(item)}${reason === undefined ? '' : `: ${firstLine(reason)}`}`,
    ...diff.map((change) => `  ${changeText(change)}`),
    ...(moreChanges === undefined ? [] : [`  and ${String(moreChanges)} more fields`]),
  ];
  return lines.map((line) => `${line}\n`).join('');
}

/** Of what an API server says, which may go on with the objects that it compared. */
function firstLine(reason: string): string {
  return reason.split('\n', 1)[0] ?? '';
}

/** `~ spec.replicas: 3 -> 5`. */
function changeText({ path, op, from, to, value }: ShownChange): string {
  const field = `${SIGNS[op]} ${pathText(path)}`;
  if (value !== undefined) {
    return `${field}: (${value})`;
  }
  const sides = [from, to].filter((side) => side !== undefined).map((side) => JSON.stringify(side));
  return sides.length === 0 ? field : `${field}: ${sides.join(' -> ')}`;
}

/** A JSON pointer as people write fields; a key with a dot in it stands in brackets. */
function pathText(pointer: string): string {
  return pointerTokens(pointer)
    .map((key) => (/^[\w-]+$/.test(key) ? `.${key}` : `[${key}]`))
    .join('')
    .replace(/^\./, '');
}

function leftOutRows({ leftOut }: RestorePlanReport): string[][] {
  return leftOut.map(({ reason, type = '', items }) => [String(items), type, reason]);
}

function cycleLines({ cycles }: RestorePlanReport): string {
  const more = cycles.count - cycles.items.length;
  return [...cycles.items, ...(more > 0 ? [`${String(more)} more`] : [])]
    .map((line) => `${line}\n`)
    .join('');
}
