import { expect, test } from 'vitest';

import { utf8Size } from '../../domain/utf8-size.ts';

test.each(['', 'abc', 'äöü', '日本語', '🦊 and 🐧', '\u0000\u007f\u0080\u07ff\u0800\uffff'])(
  'counts the bytes of %j as an encoder does',
  (text) => {
    expect(utf8Size(text)).toBe(Buffer.byteLength(text, 'utf8'));
  },
);
