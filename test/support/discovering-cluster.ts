import type { Cluster, Discovery } from '../../activities/kubernetes/port.ts';

/** A cluster that says what it serves, and holds nothing: enough to plan a restore. */
export function discoveringCluster(discovery: Partial<Discovery>): Cluster {
  const nothing: Discovery = { types: [], otherVersions: [], unrestorable: [], failedGroups: [] };
  const cluster: Pick<Cluster, 'discover' | 'listPages'> = {
    discover: () => Promise.resolve({ ...nothing, ...discovery }),
    listPages: async function* () {},
  };
  // A plan asks for nothing else; what does fails the test.
  return cluster as Cluster;
}
