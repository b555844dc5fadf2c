import type { Condition } from '../domain/condition.ts';
import { columnsText } from './columns.ts';

/** Conditions of a thing below their heading, a line for each, for people; nothing where there are none. */
export function conditionsText(conditions: readonly Condition[] = []): string {
  const rows = conditions.map(({ type, status, reason, message, lastTransitionTime }) => [
    ...[`  ${type}`, status, reason, lastTransitionTime, message],
  ]);
  return rows.length === 0 ? '' : `Conditions:\n${columnsText(rows)}`;
}
