import type { ObjectStore } from '../../storage/object-store/port.ts';

/** What somebody else does just before a key is written, for the first so many times. */
interface Race {
  readonly key: string;
  readonly times: number;
  readonly write: () => Promise<unknown>;
}

/** A store in which somebody else is faster. */
export function racedStore(store: ObjectStore, { key, times, write }: Race): ObjectStore {
  let left = times;
  const put: ObjectStore['put'] = async (written, ...args) => {
    if (written === key && left-- > 0) {
      await write();
    }
    return store.put(written, ...args);
  };
  return new Proxy(store, {
    get: (target, name) => {
      const member: unknown = name === 'put' ? put : Reflect.get(target, name);
      return typeof member === 'function' ? (member.bind(target) as unknown) : member;
    },
  });
}
