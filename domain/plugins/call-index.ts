import { groupResource, type ItemReference } from '../item.ts';

/** Which items of a type a call is about: none before the first key, none after the last. */
export interface CallRow {
  readonly call: number;
  /** `deployments.apps`. */
  readonly type: string;
  readonly first: string;
  readonly last: string;
}

/** Gathers which calls are about which items, so that the answer for one is found without reading all. */
export class CallIndex {
  readonly #rows: CallRow[] = [];

  add(call: number, items: readonly { readonly item: ItemReference }[]): void {
    const byType = new Map<string, CallRow>();
    for (const { item } of items) {
      const type = groupResource(item);
      const key = itemKey(item);
      const { first, last } = byType.get(type) ?? { first: key, last: key };
      byType.set(type, {
        ...{ call, type },
        first: key < first ? key : first,
        last: key > last ? key : last,
      });
    }
    this.#rows.push(...byType.values());
  }

  rows(): readonly CallRow[] {
    return this.#rows;
  }
}

/** The calls that may be about one of some items of a type, in their order. */
export function callsAbout(
  rows: readonly CallRow[],
  type: string,
  keys: readonly string[],
): readonly number[] {
  const ofType = rows.filter((row) => row.type === type);
  const found = ofType.filter(({ first, last }) => keys.some((key) => key >= first && key <= last));
  return [...new Set(found.map(({ call }) => call))].sort((left, right) => left - right);
}

/** `shop/web`, or `pv-1`: how an item is called within its type. */
export function itemKey({ namespace, name }: Pick<ItemReference, 'namespace' | 'name'>): string {
  return namespace === '' ? name : `${namespace}/${name}`;
}
