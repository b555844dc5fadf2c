import type { PodHookReport } from '../domain/hooks/hook-report.ts';
import type { HookRun } from '../domain/hooks/hook-run.ts';
import { columnsText } from './columns.ts';
import { span } from './span.ts';

const HEADINGS = ['POD', 'HOOK', 'CONTAINER', 'COMMAND', 'OUTCOME', 'EXIT', 'TOOK'];
const COMMAND_CHARS_MAX = 50;

/** What became of the hooks of a backup, for people: a line for each, and below it why it failed and what it wrote. */
export function hooksText(pods: readonly PodHookReport[]): string {
  const runs = pods.flatMap((pod) => pod.runs);
  const table = runs.length === 0 ? '' : columnsText([HEADINGS, ...runs.map(rowOf)]);
  return [
    table,
    ...pods.flatMap(({ namespace, pod, isHeld, failure, notRun = [], runs: own }) => [
      ...(failure === undefined ? [] : [`${namespace}/${pod}: ${failure.message}\n`]),
      ...notRun.map((words) => `${namespace}/${pod}: not run: ${words}\n`),
      ...(isHeld === false
        ? [`${namespace}/${pod}: the copies of its volumes are not consistent\n`]
        : []),
      ...own.map(wordsOf),
    ]),
  ].join('');
}

function rowOf(run: HookRun): string[] {
  const { namespace, pod, phase, container = '', command = [], outcome, exitCode } = run;
  const took = Date.parse(run.completionTimestamp) - Date.parse(run.startTimestamp);
  return [
    `${namespace}/${pod}`,
    phase,
    container,
    shortened(command.join(' ')),
    outcome,
    exitCode === undefined ? '' : String(exitCode),
    span(took),
  ];
}

function shortened(text: string): string {
  return text.length <= COMMAND_CHARS_MAX ? text : `${text.slice(0, COMMAND_CHARS_MAX - 1)}…`;
}

/** What one hook says of itself; nothing of one that succeeded and wrote nothing. */
function wordsOf({ namespace, pod, phase, by, message, ...output }: HookRun): string {
  const { stdout, stderr, dropped } = output;
  const lines = [
    ...(by === undefined ? [] : [`it was run by ${by}, which keeps no output`]),
    ...(message === undefined ? [] : [message]),
    ...outputLines('stdout', stdout),
    ...outputLines('stderr', stderr),
    ...(dropped === undefined ? [] : [`${String(dropped)} bytes of its output were left out`]),
  ];
  return lines.length === 0
    ? ''
    : `\n${namespace}/${pod}, ${phase} hook:\n${lines.map((line) => `  ${line}\n`).join('')}`;
}

function outputLines(name: string, text: string | undefined): string[] {
  return text === undefined
    ? []
    : text
        .trimEnd()
        .split('\n')
        .map((line) => `${name}: ${line}`);
}
