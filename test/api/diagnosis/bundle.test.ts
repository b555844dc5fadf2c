import { gunzipSync } from 'node:zlib';

import { expect, test } from 'vitest';

import { bundleOf } from '../../../api/diagnosis/bundle.ts';

const MIB = 1024 * 1024;

/** The bundle as one text: it has few enough bytes. */
async function textOf(files: Parameters<typeof bundleOf>[0]): Promise<string> {
  return gunzipSync(await bundleOf(files)).toString();
}

test('an answer that is too large for a bundle is left out, and its file says so', async () => {
  const text = await textOf({
    small: () => Promise.resolve({ told: 'small' }),
    large: () => Promise.resolve({ told: 'l'.repeat(5 * MIB) }),
  });
  expect(text).toContain('"told": "small"');
  expect(text).toContain('holdfast-debug/large.json');
  expect(text).toContain('"leftOut": "the answer has');
  expect(text.length).toBeLessThan(MIB);
});

test('an answer that just fits is told', async () => {
  const text = await textOf({ large: () => Promise.resolve({ told: 'l'.repeat(4 * MIB - 100) }) });
  expect(text).not.toContain('leftOut');
  expect(text.length).toBeGreaterThan(4 * MIB - 100);
});

test('what cannot be told is a file that says why, and holds up nothing else', async () => {
  const text = await textOf({
    lost: () => Promise.reject(new RangeError('with a secret')),
    there: () => Promise.resolve({ told: 'there' }),
  });
  expect(text).toContain('an unforeseen RangeError');
  expect(text).not.toContain('with a secret');
  expect(text).toContain('"told": "there"');
});
