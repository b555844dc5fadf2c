import { expect, test } from 'vitest';

import { droppedNamespaces, dropNamespaces } from '../support/dropped-namespaces.ts';
import { freshNamespace } from '../support/fresh-namespace.ts';
import { kubectl } from '../support/kubectl.ts';

// Goal: nothing that a test has made keeps a namespace from being deleted. Method: tests that end do not wait for their
// namespaces; this one, which runs after them, waits for all at once.

const WAIT_MS = 240_000;

test('the namespaces that tests of this run have dropped are gone', async () => {
  const own = await freshNamespace('dropped');
  await dropNamespaces(own);
  const dropped = await droppedNamespaces();
  expect(dropped).toContain(own);
  const left = async (): Promise<string[]> => {
    const names = (await kubectl('get', 'namespaces', '-o', 'name')).split('\n');
    return dropped.filter((name) => names.includes(`namespace/${name}`));
  };
  await expect.poll(left, { timeout: WAIT_MS, interval: 500 }).toEqual([]);
});
