import fc from 'fast-check';
import { expect, test } from 'vitest';

import {
  COPY_BYTES_MAX,
  PART_BYTES_MIN,
  type PieceSize,
  type PlannedPart,
  planParts,
  type Slice,
} from '../../../storage/object-store/compose-plan.ts';

const MIB = 1024 * 1024;
const GIB = 1024 * MIB;
/** What S3 takes at most for a part that is copied. */
const PROTOCOL_COPY_MAX = 5 * GIB;

function object(sizeBytes: number): PieceSize {
  return { kind: 'object', sizeBytes };
}

function bytes(sizeBytes: number): PieceSize {
  return { kind: 'bytes', sizeBytes };
}

function slicesOf(part: PlannedPart): readonly Slice[] {
  return part.kind === 'copied' ? [part.slice] : part.slices;
}

function sizeOf(part: PlannedPart): number {
  return slicesOf(part).reduce((sum, { length }) => sum + length, 0);
}

function shape(pieces: readonly PieceSize[]): string[] {
  return planParts(pieces).map((part) => `${part.kind} ${String(sizeOf(part) / MIB)}`);
}

/** Walks the slices and says whether they are the pieces from the first byte to the last. */
function expectCover(parts: readonly PlannedPart[], pieces: readonly PieceSize[]): void {
  const reached = pieces.map(() => 0);
  let current = 0;
  for (const { piece, offset, length } of parts.flatMap(slicesOf)) {
    expect(piece).toBeGreaterThanOrEqual(current);
    expect(length).toBeGreaterThan(0);
    expect(offset).toBe(reached[piece]);
    reached[piece] = offset + length;
    current = piece;
  }
  expect(reached).toEqual(pieces.map(({ sizeBytes }) => sizeBytes));
}

test.each([
  ['no piece is no part', [], []],
  ['pieces without bytes are no part', [object(0), bytes(0)], []],
  ['a few bytes are one part', [bytes(MIB)], ['gathered 1']],
  ['an object below two parts is gathered', [object(9 * MIB)], ['gathered 9']],
  ['an object of two parts is copied', [object(10 * MIB)], ['copied 10']],
  ['bytes at hand are never copied', [bytes(20 * MIB)], ['gathered 20']],
  ['a copy lends its head', [bytes(MIB), object(10 * MIB)], ['gathered 5', 'copied 6']],
  [
    'neighbours are gathered',
    [object(3 * MIB), object(3 * MIB), bytes(MIB)],
    ['gathered 6', 'gathered 1'],
  ],
  ['the last part may be small', [object(10 * MIB), bytes(MIB)], ['copied 10', 'gathered 1']],
  ['the largest copy stays whole', [object(GIB)], ['copied 1024']],
  ['a larger one is cut evenly', [object(GIB + 2 * MIB)], ['copied 513', 'copied 513']],
])('%s', (_, pieces, parts) => {
  expect(shape(pieces)).toEqual(parts);
});

test('an object just above what one copy takes leaves no rest that is too small', () => {
  for (const limit of [COPY_BYTES_MAX, PROTOCOL_COPY_MAX]) {
    const sizes = planParts([object(limit + 1), bytes(1)]).map(sizeOf);
    expect(sizes.pop()).toBe(1);
    expect(Math.min(...sizes)).toBeGreaterThan(PART_BYTES_MIN);
  }
});

test('the parts cover the pieces in order and keep to the limits of S3', () => {
  const interesting = fc.constantFrom(
    ...[0, 1, PART_BYTES_MIN - 1, PART_BYTES_MIN, 2 * PART_BYTES_MIN - 1, 2 * PART_BYTES_MIN],
    ...[COPY_BYTES_MAX, COPY_BYTES_MAX + 1, PROTOCOL_COPY_MAX + 1, 12 * GIB],
  );
  const size = fc.oneof(interesting, fc.nat(30 * MIB), fc.nat(20 * GIB));
  const piece = fc.oneof(size.map(object), fc.nat(16 * MIB).map(bytes));
  fc.assert(
    fc.property(fc.array(piece, { maxLength: 40 }), (pieces) => {
      const parts = planParts(pieces);
      expectCover(parts, pieces);
      for (const part of parts.slice(0, -1)) {
        expect(sizeOf(part)).toBeGreaterThanOrEqual(PART_BYTES_MIN);
      }
      for (const part of parts) {
        expect(sizeOf(part)).toBeLessThanOrEqual(PROTOCOL_COPY_MAX);
        // What is gathered is held in memory.
        expect(part.kind === 'copied' ? 0 : sizeOf(part)).toBeLessThan(32 * MIB);
      }
    }),
  );
});

test.each([6 * MIB, 10 * MIB, 15 * MIB])(
  'more pieces of %d bytes than S3 takes parts are gathered into fewer',
  (sizeBytes) => {
    const pieces = Array.from({ length: 12_000 }, () => object(sizeBytes));
    const parts = planParts(pieces);
    expect(parts.length).toBeLessThanOrEqual(10_000);
    expect(Math.max(...parts.map(sizeOf))).toBeLessThan(64 * MIB);
    expectCover(parts, pieces);
  },
);

test('what cannot be joined in bounded memory is refused and says why', () => {
  const pieces = Array.from({ length: 10_001 }, () => object(GIB));
  expect(() => planParts(pieces)).toThrow('10001 pieces are too many');
});
