/** Items of a cycle that are named; the others are counted. */
const CYCLE_ITEMS_MAX = 50;
/** Sub levels of a wave; the items of longer chains share the last one, and their owners are linked at the end. */
export const OWNER_LEVELS_MAX = 100;

/** When an item is applied: its wave, and how deep below its owners it is within that wave. */
export interface OrderKey {
  readonly position: number;
  readonly level: number;
}

/** An item that others name as their owner. */
export interface OwnerNode {
  readonly uid: string;
  /** The wave of its type. */
  readonly position: number;
  readonly owners: readonly string[];
  /** What the item is called when it is reported. */
  readonly text: string;
}

/** Items that own each other in a circle, so that none of them can come first. */
export interface OwnerCycles {
  readonly count: number;
  /** The first of them. */
  readonly items: readonly string[];
}

export interface OwnerOrder {
  readonly keys: ReadonlyMap<string, OrderKey>;
  readonly cycles: OwnerCycles;
}

/** The key of an item: that of its type, and after each of its owners whatever the waves say. */
export function keyBelow(
  position: number,
  owners: readonly string[],
  keys: ReadonlyMap<string, OrderKey>,
): OrderKey {
  let key: OrderKey = { position, level: 0 };
  for (const uid of owners) {
    const owner = keys.get(uid);
    if (owner !== undefined && isAtOrAfter(owner, key)) {
      key = { position: owner.position, level: owner.level + 1 };
    }
  }
  return key;
}

/**
 * Puts owners before what they own. Items of a cycle count as not owning each other: they come where their type
 * does, after the owners that they have outside of the cycle. Takes time and memory in proportion to the edges, and
 * no stack: chains may be as long as they like.
 */
export function orderOwners(nodes: Iterable<OwnerNode>): OwnerOrder {
  const byUid = new Map<string, OwnerNode>();
  for (const node of nodes) {
    byUid.set(node.uid, node);
  }
  const keys = new Map<string, OrderKey>();
  const items: string[] = [];
  let count = 0;
  for (const component of componentsOf(byUid)) {
    const [first] = component;
    if (component.length > 1 || first?.owners.includes(first.uid) === true) {
      count += component.length;
      items.push(...component.slice(0, CYCLE_ITEMS_MAX - items.length).map(({ text }) => text));
    }
    // None of the component has a key yet, so that only the owners outside of it count.
    const found = component.map(
      ({ uid, position, owners }) => [uid, keyBelow(position, owners, keys)] as const,
    );
    for (const [uid, key] of found) {
      keys.set(uid, key);
    }
  }
  return { keys, cycles: { count, items } };
}

/** A node on its way through the search: how far its owners were visited, and the earliest node it reaches. */
interface Visit {
  readonly node: OwnerNode;
  readonly index: number;
  next: number;
  lowest: number;
  isOpen: boolean;
}

interface Search {
  readonly nodes: ReadonlyMap<string, OwnerNode>;
  readonly visits: Map<string, Visit>;
  /** Visits whose component is not known yet. */
  readonly open: Visit[];
  /** From where the search began to where it is. */
  readonly path: Visit[];
}

/**
 * Items that reach each other over their owners, as one component each, and a component after those of its owners:
 * Tarjan's search, with a list in place of recursion.
 */
function* componentsOf(nodes: ReadonlyMap<string, OwnerNode>): Generator<OwnerNode[]> {
  const search: Search = { nodes, visits: new Map(), open: [], path: [] };
  for (const start of nodes.values()) {
    if (!search.visits.has(start.uid)) {
      enter(search, start);
      yield* searchOn(search);
    }
  }
}

function* searchOn(search: Search): Generator<OwnerNode[]> {
  const { nodes, visits, open, path } = search;
  for (let visit = path.at(-1); visit !== undefined; visit = path.at(-1)) {
    const owner = nextOwner(visit, nodes);
    if (owner === undefined) {
      path.pop();
      lower(path.at(-1), visit.lowest);
      if (visit.lowest === visit.index) {
        yield closeFrom(open, visit);
      }
      continue;
    }
    const known = visits.get(owner.uid);
    if (known === undefined) {
      enter(search, owner);
    } else if (known.isOpen) {
      lower(visit, known.index);
    }
  }
}

function enter({ visits, open, path }: Search, node: OwnerNode): void {
  const index = visits.size;
  const visit: Visit = { node, index, next: 0, lowest: index, isOpen: true };
  visits.set(node.uid, visit);
  open.push(visit);
  path.push(visit);
}

function nextOwner(visit: Visit, nodes: ReadonlyMap<string, OwnerNode>): OwnerNode | undefined {
  const { owners } = visit.node;
  while (visit.next < owners.length) {
    const owner = nodes.get(owners[visit.next] ?? '');
    visit.next += 1;
    if (owner !== undefined) {
      return owner;
    }
  }
  return undefined;
}

function lower(visit: Visit | undefined, lowest: number): void {
  if (visit !== undefined) {
    visit.lowest = Math.min(visit.lowest, lowest);
  }
}

/** The component whose search began at a visit: all that is open since. */
function closeFrom(open: Visit[], first: Visit): OwnerNode[] {
  const component = open.splice(open.lastIndexOf(first));
  for (const visit of component) {
    visit.isOpen = false;
  }
  return component.map(({ node }) => node);
}

function isAtOrAfter(left: OrderKey, right: OrderKey): boolean {
  return left.position === right.position
    ? left.level >= right.level
    : left.position > right.position;
}
