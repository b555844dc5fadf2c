/** Longer texts are no quantity that Kubernetes writes. */
const LENGTH_MAX = 64;
const QUANTITY =
  /^\+?(?:(\d+)(?:\.(\d*))?|\.(\d+))(?:[eE]([+-]?\d{1,2})|(Ki|Mi|Gi|Ti|Pi|Ei|[numkMGTPE]))?$/;
const DECIMAL_EXPONENTS: Readonly<Record<string, number>> = {
  n: -9,
  u: -6,
  m: -3,
  k: 3,
  M: 6,
  G: 9,
  T: 12,
  P: 15,
  E: 18,
};
const BINARY_EXPONENTS: Readonly<Record<string, number>> = {
  Ki: 10,
  Mi: 20,
  Gi: 30,
  Ti: 40,
  Pi: 50,
  Ei: 60,
};

/**
 * Bytes of a Kubernetes quantity (`10Gi`, `500M`, `1e3`, `1.5Gi`), rounded up as Kubernetes does; undefined for what is
 * no quantity and for a negative one, which no size is. The order of quantities stays; beyond 8 Pi the number is near.
 */
export function parseQuantity(text: string): number | undefined {
  const match = text.length > LENGTH_MAX ? null : QUANTITY.exec(text);
  if (match === null) {
    return undefined;
  }
  const [, whole = '', afterPoint = '', withoutWhole = '', exponent = '0', suffix = ''] = match;
  const fraction = afterPoint + withoutWhole;
  const decimal = Number(exponent) + (DECIMAL_EXPONENTS[suffix] ?? 0) - fraction.length;
  const binary = 2n ** BigInt(BINARY_EXPONENTS[suffix] ?? 0);
  const amount = BigInt(whole + fraction) * binary * 10n ** BigInt(Math.max(decimal, 0));
  const divisor = 10n ** BigInt(Math.max(-decimal, 0));
  return Number((amount + divisor - 1n) / divisor);
}
