import type { IndexLine } from '../../domain/backup-index.ts';
import type { FailureReport } from '../../domain/failure.ts';
import { groupResource, type ItemReference, itemText } from '../../domain/item.ts';
import { LEFT_OUT_REASONS } from '../../domain/restore/restore-plan.ts';
import {
  isOpen,
  type RestoreFilter,
  selectItem,
  VOLUME_TYPE,
} from '../../domain/restore/restore-selection.ts';
import type { RestoreSpec } from '../../domain/restore.ts';
import { eachLine, type IndexSource } from '../restore/survey-types.ts';

const NO_DATA =
  'the data of claims is written before the first wave with pods, and the claim was named later';

/** Items as `itemText` names them, and who added each. */
export type AskedFor = ReadonlyMap<string, string>;

/** Items that plugins added in vain, and why. One that an earlier restore has dealt with is none. */
export async function addedInVain(
  source: IndexSource,
  filter: RestoreFilter,
  missed: AskedFor,
): Promise<FailureReport[]> {
  if (missed.size === 0) {
    return [];
  }
  const reasons = new Map<string, string | undefined>();
  await eachLine(source, (line) => {
    const text = itemText(line);
    if (missed.has(text)) {
      reasons.set(text, isOpen(filter, line) ? whyNot(line, filter) : undefined);
    }
  });
  return [...missed].flatMap(([text, who]) => {
    const why = reasons.has(text) ? reasons.get(text) : 'the backup has no such item';
    return why === undefined ? [] : vain(text, who, why);
  });
}

/** Claims of which the data cannot be written any more. Each would be an empty one, which a pod takes for a new one. */
export function addedTooLate(lines: readonly IndexLine[], asked: AskedFor): FailureReport[] {
  return lines.map((line) => {
    const text = itemText(line);
    return vain(text, asked.get(text) ?? 'a plugin', NO_DATA);
  });
}

/** Whether another namespace of the backup is restored into the one of an item, or in its place. */
export function isMappedOnto({ namespaceMapping }: RestoreSpec, item: ItemReference): boolean {
  const namespace = groupResource(item) === 'namespaces' ? item.name : item.namespace;
  return (
    !Object.hasOwn(namespaceMapping, namespace) &&
    Object.values(namespaceMapping).includes(namespace)
  );
}

function whyNot(line: IndexLine, filter: RestoreFilter): string {
  if (isMappedOnto(filter.spec, line)) {
    return 'another namespace is restored into its own';
  }
  const selection = selectItem(filter, line);
  if (selection === 'notRestorable' || selection === 'holdfast') {
    return LEFT_OUT_REASONS[selection];
  }
  return selection === 'restored' && groupResource(line) === VOLUME_TYPE
    ? LEFT_OUT_REASONS.volume
    : 'the request does not take its namespace or its type';
}

function vain(text: string, who: string, why: string): FailureReport {
  const message = `${who}, added ${text}, which is not restored: ${why}`;
  return { code: 'plugin-answer-invalid', message, subject: text };
}
