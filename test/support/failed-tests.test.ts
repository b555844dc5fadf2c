import { expect, test } from 'vitest';

import { excerpt } from './failed-tests.ts';

// Goal: the last lines of a run say why a test has failed. Method: messages as commands and assertions make them.

test('a short message is shown whole, in one line and without colours', () => {
  expect(excerpt('expected \u001b[31m1\u001b[39m\n  to be 2\n', true)).toBe('expected 1 to be 2');
});

test('a long one is shown with its end, where a command says why', () => {
  const shown = excerpt(`Command failed: up ${'x'.repeat(5000)}\nerror: no port\n`, true);
  expect(shown).toMatch(/^Command failed: up x+ … x+ error: no port$/);
  expect(shown.length).toBeLessThan(550);
});

test('of what failed after it, the beginning is enough', () => {
  expect(excerpt(`fetch failed ${'x'.repeat(5000)}`, false)).toMatch(/^fetch failed x+ …$/);
});
