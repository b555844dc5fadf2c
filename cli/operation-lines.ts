import type { RunOperation, RunOperations } from '../domain/api-resource.ts';
import { sizeText } from '../domain/size-text.ts';

/** Operations that are shown one by one. */
const SHOWN_MAX = 5;

/** How many operations of plugins have ended: `3 of 5 ended, 1 failed`. */
export function operationsText({ total, completed, failed }: RunOperations): string {
  const ended = `${String(completed + failed)} of ${String(total)} ended`;
  return failed > 0 ? `${ended}, ${String(failed)} failed` : ended;
}

/** The operations of a run, for people: a line for all, and one for each of the first that run. */
export function operationLines(operations: RunOperations | undefined): [string, string][] {
  if (operations === undefined) {
    return [];
  }
  const { running = [] } = operations;
  const rest = running.length - SHOWN_MAX;
  return [
    ['Operations', operationsText(operations)],
    ...running
      .slice(0, SHOWN_MAX)
      .map((operation): [string, string] => ['Operation', operationText(operation)]),
    ...(rest > 0 ? [['Operation', `and ${String(rest)} more`] satisfies [string, string]] : []),
  ];
}

/** `uploading the data: 4 MiB of 9 MiB`. */
function operationText({ requestId, description, ...progress }: RunOperation): string {
  const { done, total, unit } = progress;
  const size = (amount: number): string =>
    unit === 'bytes'
      ? sizeText(amount)
      : `${String(amount)}${unit === undefined ? '' : ` ${unit}`}`;
  const what = description ?? requestId;
  if (done === undefined) {
    return what;
  }
  return `${what}: ${size(done)}${total === undefined ? '' : ` of ${size(total)}`}`;
}
