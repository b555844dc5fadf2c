import { FAILURE_CODES, isFailureCode } from '../../domain/failure.ts';
import { itemText } from '../../domain/item.ts';
import type { AppliedItem } from '../../domain/restore/restore-outcome.ts';
import type { LogLevel } from '../../domain/run-log/level.ts';
import { tellRunLog } from './activity-log.ts';

const HINT = 'holdfast restore items has the reason, once the restore has ended';

/**
 * Tells of the items of a restore that were not simply restored. What the cluster said of one may quote its values, and
 * is in the report of the restore alone.
 */
export function tellOutcomes(outcomes: readonly AppliedItem[]): void {
  for (const outcome of outcomes) {
    const end = endOf(outcome);
    if (end !== undefined) {
      const object = itemText(outcome);
      const { code, title = '' } = end.level === 'warning' ? {} : failureOf(outcome);
      tellRunLog({
        ...{ level: end.level, source: 'holdfast', object, hint: HINT },
        message: `${object} ${end.words}${title}`,
        ...(code === undefined ? {} : { code }),
      });
    }
  }
}

interface End {
  readonly level: LogLevel;
  readonly words: string;
}

/** Undefined of what was simply restored. */
function endOf({ verb, isPutAside, isIncomplete, lacksOwners }: AppliedItem): End | undefined {
  if (isPutAside === true) {
    return { level: 'info', words: 'is put aside, to be tried again after the others' };
  }
  if (verb === 'failed') {
    return { level: 'error', words: 'failed' };
  }
  if (verb === 'skipped') {
    return { level: 'warning', words: 'is skipped' };
  }
  const isPartly = isIncomplete === true || lacksOwners === true;
  return isPartly ? { level: 'warning', words: 'is not complete' } : undefined;
}

/** The code with which reasons of failed items begin. */
function failureOf({ reason = '' }: AppliedItem): { code?: string; title?: string } {
  const [word = ''] = reason.split(':');
  return isFailureCode(word) ? { code: word, title: `: ${FAILURE_CODES[word].title}` } : {};
}
