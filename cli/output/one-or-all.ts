import { print, type PrintOptions } from './print.ts';
import type { Table } from './table.ts';

/** Things of one kind: how they are asked for, and the table that shows them. */
interface Source<Thing> {
  readonly list: () => Promise<{ readonly items: readonly Thing[] }>;
  readonly get: (name: string) => Promise<Thing>;
  readonly table: (things: readonly Thing[]) => Table<Thing>;
}

/** Prints the thing of a name, or the list of all where none is given: rows of the same table either way. */
export async function printOneOrAll<Thing>(
  name: string | undefined,
  options: PrintOptions,
  { list, get, table }: Source<Thing>,
): Promise<void> {
  if (name === undefined) {
    const all = await list();
    print(all, options, { table: table(all.items) });
    return;
  }
  const one = await get(name);
  print(one, options, { table: table([one]) });
}
