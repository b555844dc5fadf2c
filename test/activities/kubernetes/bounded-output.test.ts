import { expect, test } from 'vitest';

import { BoundedOutput } from '../../../activities/kubernetes/bounded-output.ts';

// Goal: whatever a command writes, little of it is kept, and that is readable. Method: chunks of every kind.

const KIB = 1024;

function outputOf(...chunks: readonly (Buffer | string)[]): BoundedOutput {
  const output = new BoundedOutput();
  chunks.forEach((chunk) => {
    output.push(Buffer.from(chunk));
  });
  return output;
}

test('an output that fits is kept as it is, whatever its chunks', () => {
  const bytes = Buffer.from('a row of ümlauts 😀\n');
  const output = outputOf(...[...bytes].map((byte) => Buffer.from([byte])));
  expect(output.text()).toBe('a row of ümlauts 😀\n');
  expect(output.dropped).toBe(0);
  expect(outputOf().text()).toBe('');
  const full = 'x'.repeat(16 * KIB);
  expect(outputOf(full)).toMatchObject({ dropped: 0 });
  expect(outputOf(full).text()).toBe(full);
});

test('of a long output its beginning and its end are kept, and the rest is counted', () => {
  const chunks = Array.from({ length: 100 }, (_, index) => String(index % 10).repeat(KIB));
  const output = outputOf('first', ...chunks, 'last');
  expect(output.dropped).toBe(5 + 100 * KIB + 4 - 16 * KIB);
  const text = output.text();
  expect(text.startsWith('first0')).toBe(true);
  expect(text.endsWith('9last')).toBe(true);
  expect(text).toContain(`\n[${String(output.dropped)} bytes left out]\n`);
  expect(text.length).toBeLessThan(16 * KIB + 100);
});

test('one chunk that is larger than all that is kept is cut in the same way', () => {
  const output = outputOf(Buffer.concat([Buffer.alloc(KIB * KIB, 'a'), Buffer.from('end')]));
  expect(output.dropped).toBe(KIB * KIB + 3 - 16 * KIB);
  expect(output.text().endsWith('aend')).toBe(true);
});

test('a cut goes through no character', () => {
  // Shifts by each number of bytes, so that both cuts meet each byte of a character.
  for (let shift = 0; shift < 4; shift++) {
    const text = outputOf('x'.repeat(shift), '😀'.repeat(8 * KIB), 'x'.repeat(shift * 3)).text();
    expect(text).not.toContain('\ufffd');
    expect(text).toContain('😀\n[');
    expect(text).toContain('left out]\n😀');
  }
});

test('what is no UTF-8 is replaced', () => {
  expect(outputOf(Buffer.from([0x61, 0xff, 0x62])).text()).toBe('a\ufffdb');
  const output = outputOf(Buffer.alloc(20 * KIB, 0x80));
  expect(output.dropped).toBe(4 * KIB);
  expect(output.text()).toContain('\ufffd');
});
