import type { ObjectStore } from '../../storage/object-store/port.ts';

/** A store that notes the key of each object of which something is read, and the prefix of each listing of objects. */
export function countReads(store: ObjectStore): {
  store: ObjectStore;
  reads: string[];
  listings: string[];
} {
  const reads: string[] = [];
  const listings: string[] = [];
  const counting = new Proxy(store, {
    get(target, name) {
      // Each field of a store is a method of it.
      const method = Reflect.get(target, name) as (...args: unknown[]) => unknown;
      return (...args: unknown[]): unknown => {
        if (name === 'get') {
          reads.push(String(args[0]));
        } else if (name === 'list') {
          listings.push(String(args[0]));
        }
        return method.apply(target, args);
      };
    },
  });
  return { store: counting, reads, listings };
}
