import { hash } from 'node:crypto';

import { type ItemReference, itemText } from '../../domain/item.ts';

/** What a request is about. */
export interface RequestOf {
  readonly runUid: string;
  readonly plugin: string;
  readonly action: string;
}

/** The id of a request to a plugin: the same for every attempt and call of a run, action and item. */
export function requestIdOf({ runUid, plugin, action }: RequestOf, item: ItemReference): string {
  const text = [runUid, plugin, action, itemText(item)].join('\n');
  return `${runUid}-${hash('sha256', text, 'hex').slice(0, 32)}`;
}
