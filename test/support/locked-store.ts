import type { ObjectStore } from '../../storage/object-store/port.ts';

/** A store that says of one of its objects that it is locked. */
export function lockedStore(
  store: ObjectStore,
  { key, lockedUntil }: { readonly key: string; readonly lockedUntil: string },
): ObjectStore {
  const head: ObjectStore['head'] = async (asked) => {
    const entry = await store.head(asked);
    return entry === undefined || asked !== key ? entry : { ...entry, lockedUntil };
  };
  return new Proxy(store, {
    get: (target, name) => {
      const member: unknown = name === 'head' ? head : Reflect.get(target, name);
      return typeof member === 'function' ? (member.bind(target) as unknown) : member;
    },
  });
}
