import fc from 'fast-check';
import { expect, test } from 'vitest';

import { parseQuantity } from '../../domain/quantity.ts';

test.each([
  ['0', 0],
  ['10Gi', 10 * 2 ** 30],
  ['1.5Gi', 1.5 * 2 ** 30],
  ['500M', 500_000_000],
  ['1e3', 1000],
  ['1E3', 1000],
  ['1E', 1e18],
  ['12E-1', 2],
  ['1.1G', 1_100_000_000],
  ['+5Ki', 5120],
  ['.5k', 500],
  ['5.', 5],
  ['100m', 1],
  ['0.1Gi', 107_374_183],
  ['8Ei', 2 ** 63],
])('the quantity %s is %d bytes', (text, bytes) => {
  expect(parseQuantity(text)).toBe(bytes);
});

test.each(['', '.', 'Gi', '10GB', '10 Gi', '-1', '1.2.3', '1e', '1e1000', '1ki', '9'.repeat(65)])(
  'the text "%s" is no size',
  (text) => {
    expect(parseQuantity(text)).toBeUndefined();
  },
);

test('a larger number of the same unit is never a smaller quantity', () => {
  const unit = fc.constantFrom('', 'm', 'k', 'Mi', 'G', 'Ti', 'e2');
  fc.assert(
    fc.property(fc.nat(), fc.nat(), unit, (one, other, suffix) => {
      const [low, high] = [Math.min(one, other), Math.max(one, other)];
      const sizes = [low, high].map((amount) => parseQuantity(`${String(amount)}${suffix}`) ?? NaN);
      expect(sizes[0]).toBeLessThanOrEqual(sizes[1] ?? NaN);
    }),
  );
});
