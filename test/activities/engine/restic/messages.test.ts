import { expect, test } from 'vitest';

import { ResticOutput } from '../../../../activities/engine/restic/messages.ts';

// Goal: what restic says of one item is told from what it says of the repository, and names of files mean nothing.

function outputOf(item: string, message: string): ResticOutput {
  const output = new ResticOutput();
  output.take(
    JSON.stringify({ message_type: 'error', error: { message }, during: 'restore', item }),
  );
  return output;
}

test('a volume without room for a file is not a repository without room', () => {
  const output = outputOf('/a', 'write /volume/a: no space left on device');
  expect(output).toMatchObject({ hasNoSpaceForItem: true, hasNoSpace: false });
  const said = new ResticOutput();
  said.take('Save(<lock/0123>) failed: open /repo/locks/0123: no space left on device');
  expect(said).toMatchObject({ hasNoSpaceForItem: false, hasNoSpace: true });
});

test('the name of a file is no reason', () => {
  const item = '/no space left on device: decrypting blob/x';
  const output = outputOf(item, `open ${item}: permission denied`);
  expect(output).toMatchObject({ hasNoSpaceForItem: false, isDamaged: false });
  expect(output.itemErrors).toEqual({
    errorCount: 1,
    errors: [{ path: item, reason: 'permission denied' }],
  });
  expect(outputOf('/a', 'decrypting blob 01 failed: x').isDamaged).toBe(true);
});
