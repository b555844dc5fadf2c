import { expect, test } from 'vitest';

import * as workflows from '../../workflows/index.ts';

// Goal: runs end where they began, and the workers of an old version are not kept for ever. Method: what the workflows say of
// themselves to the SDK, which keeps it as a property of the function.

test('those workflows alone move on to a new version that outlive the workers of an old one', () => {
  const moving = Object.entries(workflows).filter(
    ([, workflow]) => !('workflowDefinitionOptions' in workflow),
  );
  expect(moving.map(([name]) => name).sort()).toEqual(['deliverNotification', 'repository']);
});
