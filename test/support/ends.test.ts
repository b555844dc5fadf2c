import { expect, test } from 'vitest';

import { Ends } from './ends.ts';

test('the last part is ended first, and each where another one cannot be, which is told', async () => {
  const ends = new Ends();
  const ended: string[] = [];
  ends.add(() => Promise.resolve(ended.push('first')));
  ends.add(() => Promise.reject(new Error('second stays')));
  ends.add(() => Promise.resolve(ended.push('third')));
  await expect(ends.run()).rejects.toThrow('not ended: Error: second stays');
  expect(ended).toEqual(['third', 'first']);
  await ends.run();
  expect(ended).toHaveLength(2);
});
