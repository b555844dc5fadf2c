import type { IndexItem, MemberRange } from '../../domain/backup-index.ts';
import type { IndexedMember } from './index-file.ts';

/** The type of an item as an index has it. */
export type IndexedType = Pick<IndexItem, 'group' | 'version' | 'resource' | 'kind'>;

/** What the items of a run have in common. */
export interface RunHead {
  readonly type: IndexedType;
  /** Empty for cluster-scoped objects. */
  readonly namespace: string;
}

/** Items that follow each other in one member of an archive and are of one type and namespace. */
export interface IndexRun extends RunHead {
  readonly member: MemberRange;
  /** The place of the first of them among all items of the index, from 0. */
  readonly first: number;
  readonly count: number;
  readonly items: () => readonly IndexItem[];
}

/** Cuts members into runs. Runs of one type share the object that tells of the type. */
export async function* runsOf(members: AsyncIterable<IndexedMember>): AsyncGenerator<IndexRun> {
  const types = new Map<string, IndexedType>();
  let first = 0;
  for await (const { member, items } of members) {
    for (let start = 0; start < items.length;) {
      const end = endOfRun(items, start);
      const some = items.slice(start, end);
      const [head] = some;
      if (head !== undefined) {
        const { namespace } = head;
        const type = sharedType(types, head);
        yield { type, namespace, member, first, count: some.length, items: () => some };
      }
      first += some.length;
      start = end;
    }
  }
}

function endOfRun(items: readonly IndexItem[], start: number): number {
  const head = items[start];
  let end = start + 1;
  while (head !== undefined && isAlike(head, items[end])) {
    end += 1;
  }
  return end;
}

function isAlike(head: IndexItem, item: IndexItem | undefined): boolean {
  return (
    head.namespace === item?.namespace &&
    head.resource === item.resource &&
    head.group === item.group &&
    head.version === item.version &&
    head.kind === item.kind
  );
}

function sharedType(types: Map<string, IndexedType>, item: IndexItem): IndexedType {
  const { group, version, resource, kind } = item;
  const key = `${group}/${version}/${resource}/${kind}`;
  const type = types.get(key) ?? { group, version, resource, kind };
  types.set(key, type);
  return type;
}
