import { LABEL_LENGTH_MAX } from './names.ts';

/** Characters that are kept of a name that is too long for a label value, before its hash. */
const KEPT_LENGTH = 57;
const HASH_LENGTH = 6;

/**
 * A name as a label value, shortened as Velero shortens it (pkg/label/label.go): the first 57 characters and
 * the first 6 of the hexadecimal sha256, which the caller works out.
 */
export function labelValue(name: string, sha256: (text: string) => string): string {
  return name.length <= LABEL_LENGTH_MAX
    ? name
    : name.slice(0, KEPT_LENGTH) + sha256(name).slice(0, HASH_LENGTH);
}
