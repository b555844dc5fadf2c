import { isSameScalar } from '../exact-number.ts';
import { isMapping } from '../fields.ts';

/** Whether two values of JSON are the same; elements have an order, and fields have none. */
export function isSameValue(left: unknown, right: unknown): boolean {
  if (Array.isArray(left) && Array.isArray(right)) {
    return left.length === right.length && left.every((one, at) => isSameValue(one, right[at]));
  }
  if (isMapping(left) && isMapping(right)) {
    const names = Object.keys(left);
    return (
      names.length === Object.keys(right).length &&
      names.every((name) => Object.hasOwn(right, name) && isSameValue(left[name], right[name]))
    );
  }
  return isSameScalar(left, right);
}

/** Whether two values may be merged, being both objects or both lists. */
export function isSameShape(left: unknown, right: unknown): boolean {
  return (isMapping(left) && isMapping(right)) || (Array.isArray(left) && Array.isArray(right));
}
