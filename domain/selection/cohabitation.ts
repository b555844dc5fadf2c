/** Types that hold the same objects under two groups; the first is taken. Source: Velero's item_collector.go. */
const TWINS: ReadonlyMap<string, string> = new Map([
  ['events.events.k8s.io', 'events'],
  ['ingresses.extensions', 'ingresses.networking.k8s.io'],
  ['networkpolicies.extensions', 'networkpolicies.networking.k8s.io'],
  ['deployments.extensions', 'deployments.apps'],
  ['daemonsets.extensions', 'daemonsets.apps'],
  ['replicasets.extensions', 'replicasets.apps'],
]);

/** The type under which the objects of a type are taken: itself, unless its twin is served too. */
export function takenTwin(type: string, served: { has: (type: string) => boolean }): string {
  const twin = TWINS.get(type);
  return twin !== undefined && served.has(twin) ? twin : type;
}
