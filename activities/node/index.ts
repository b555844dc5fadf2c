import { withKnownLocation } from '../known-location.ts';
import { redactFailures } from '../redact-failures.ts';
import type { NodeActivities } from '../volume-contract.ts';
import { copyVolume } from './copy-volume.ts';
import type { NodeDependencies } from './dependencies.ts';
import { openGate } from './open-gate.ts';
import { restoreVolume } from './restore-volume.ts';

/** The activities of a node's agent, each with its failures redacted. */
export function createNodeActivities(deps: NodeDependencies): NodeActivities {
  return {
    copyVolume: (input) =>
      redactFailures(() => withKnownLocation(deps, () => copyVolume(deps, input))),
    restoreVolume: (input) =>
      redactFailures(() => withKnownLocation(deps, () => restoreVolume(deps, input))),
    checkAgent: () => redactFailures(() => deps.engine.probe()),
    openGate: (input) => redactFailures(() => openGate(deps, input)),
  };
}
