import { type HookRun, hookWords, reasonOf } from '../../domain/hooks/hook-run.ts';
import type { LogLevel } from '../../domain/run-log/level.ts';
import { tellFailure, tellRunLog } from './activity-log.ts';

/** Characters of an output that one line has; a whole output takes a few lines. */
const LINE_CHARS = 4000;

/** Tells how a hook ended, and what it has written. */
export function tellHookRun(run: HookRun): void {
  const object = `pod ${run.namespace}/${run.pod}: ${run.phase} hook`;
  for (const stream of ['stdout', 'stderr'] as const) {
    for (const text of piecesOf(run[stream] ?? '')) {
      tellRunLog({ level: 'info', source: 'hook', message: `${stream}: ${text}`, object });
    }
  }
  if (run.outcome === 'Succeeded') {
    const message = `the ${hookWords(run)} succeeded`;
    tellRunLog({ level: 'info', source: 'hook', message, object });
    return;
  }
  const message = `the ${hookWords(run)} failed: ${reasonOf(run)}`;
  tellFailure(levelOf(run), { code: run.code ?? 'hook-failed', message, subject: object });
}

function levelOf({ onError }: HookRun): LogLevel {
  return onError === 'Fail' ? 'error' : 'warning';
}

/** A text in pieces that end with a line where they can. */
function piecesOf(output: string): string[] {
  const pieces: string[] = [];
  let rest = output.trimEnd();
  while (rest !== '') {
    const lineEnd = rest.lastIndexOf('\n', LINE_CHARS);
    const end = rest.length <= LINE_CHARS || lineEnd <= 0 ? LINE_CHARS : lineEnd + 1;
    pieces.push(rest.slice(0, end).trimEnd());
    rest = rest.slice(end);
  }
  return pieces;
}
