import { afterAll, beforeAll, expect, test } from 'vitest';

import { AGENT_NODE } from '../support/installation.ts';
import { KilledVolumes } from '../support/killed-volumes.ts';
import { NodeAgents } from '../support/node-agents.ts';

// Goal: the agents of deploy/ come through kills as one on this machine does. Method: as in volume-kills.test.ts, with
// the agents as pods on both nodes, and restic as the image has it.

let volumes: KilledVolumes;
let agents: NodeAgents;

beforeAll(async () => {
  volumes = await KilledVolumes.start({ megabytes: 96, hasAgent: false });
  agents = await NodeAgents.start(volumes.installation);
});

afterAll(async () => {
  await agents.stop();
  await volumes.stop();
});

test('copies end whole when the process of their agent is killed, or restic in its pod', async () => {
  const { kills, gate } = volumes;
  const [first, second] = [await volumes.namespace(), await volumes.namespace()];
  await volumes.startBackup('agent', first, 0.3);
  expect(await kills.engines('backups', 'agent')).toHaveLength(1);
  expect(await agents.kill(AGENT_NODE, 'worker/main.ts')).toBe(1);
  await expect.poll(() => kills.engines('backups', 'agent'), { timeout: 30_000 }).toEqual([]);
  gate.release('refuse');

  await volumes.startBackup('restic', second, 0.3);
  expect(await agents.kill(AGENT_NODE, 'restic')).toBe(1);
  gate.release('refuse');
  await volumes.expectWholeBackup('restic', second);
  expect(await kills.attemptsOf('backups', 'restic')).toEqual({
    ...{ attempts: 2, failure: 'engine-killed' },
  });
  await volumes.expectWholeBackup('agent', first);
  expect(await kills.attemptsOf('backups', 'agent')).toEqual({
    ...{ attempts: 2, failure: 'timeout' },
  });
});
