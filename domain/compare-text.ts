/** Orders texts by their UTF-16 code units, as `sort` does by itself; what is missing is as empty. */
export function compareText(left = '', right = ''): number {
  return left < right ? -1 : Number(left > right);
}
