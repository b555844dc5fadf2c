/** Reads JSON whose whole numbers stay exact: those that JavaScript does not hold become big integers. */
export function parseExactly(json: string): unknown {
  return JSON.parse(json, exactNumber);
}

/** The third argument is newer than the type of `JSON.parse`. */
function exactNumber(
  _key: string,
  value: unknown,
  context?: { readonly source?: string },
): unknown {
  const source = context?.source ?? '';
  const isInexact = typeof value === 'number' && !Number.isSafeInteger(value);
  return isInexact && /^-?\d+$/.test(source) ? BigInt(source) : value;
}
