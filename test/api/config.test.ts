import { expect, test } from 'vitest';

import { readConfig } from '../../api/config.ts';

test('the public URL of the API may have a path, and no slash at its end', () => {
  const read = (url: string) => readConfig({ HOLDFAST_PUBLIC_URL: url }).publicUrl;
  expect(read('https://holdfast.example.com/')).toBe('https://holdfast.example.com');
  expect(read('http://tools.example.com/holdfast')).toBe('http://tools.example.com/holdfast');
  expect(readConfig({})).not.toHaveProperty('publicUrl');
});

test.each(['holdfast.example.com', 'javascript:alert(1)', 'https://example.com/?a=b'])(
  'what no link can begin with is refused as a public URL: %s',
  (url) => {
    expect(() => readConfig({ HOLDFAST_PUBLIC_URL: url })).toThrow('HOLDFAST_PUBLIC_URL');
  },
);
