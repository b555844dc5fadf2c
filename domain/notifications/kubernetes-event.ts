import { API_VERSION } from '../api-resource.ts';
import { apiVersionOf, type KubernetesObject, type ResourceType } from '../item.ts';
import type { EndPhase } from '../phase.ts';
import type { KindReference } from '../run-reference.ts';

export const KUBERNETES_EVENT: ResourceType = {
  group: 'events.k8s.io',
  version: 'v1',
  resource: 'events',
  kind: 'Event',
  isNamespaced: true,
};

/** The server takes no longer one. */
const NOTE_LENGTH_MAX = 1000;
const WARNING_PHASES: readonly string[] = ['PartiallyFailed', 'Failed'];

/** What a run tells the people who look at its cluster with `kubectl`. */
export interface KubernetesNews {
  readonly run: KindReference;
  readonly phase: 'Started' | EndPhase;
  /** RFC 3339, with seconds. */
  readonly time: string;
  /** What there is to say beside that. */
  readonly words: string;
}

/** The Event in Holdfast's own namespace that tells it; its name makes a second one impossible. */
export function kubernetesEvent(
  { run, phase, time, words }: KubernetesNews,
  namespace: string,
): KubernetesObject {
  const { kind, location, name, runUid } = run;
  const note = `${kind} ${name} of location ${location}: ${words}`;
  return {
    ...{ apiVersion: apiVersionOf(KUBERNETES_EVENT), kind: KUBERNETES_EVENT.kind },
    metadata: {
      name: `${name}.${runUid.replaceAll('-', '')}${phase === 'Started' ? '0' : '1'}`,
      ...{ namespace, labels: { 'app.kubernetes.io/name': 'holdfast' } },
    },
    // Microseconds have to be there.
    eventTime: time.replace(/Z$/, '.000000Z'),
    ...{ reportingController: 'holdfast.dev/worker', reportingInstance: 'holdfast' },
    ...{ action: kind, reason: `${kind}${phase}`, note: note.slice(0, NOTE_LENGTH_MAX) },
    type: WARNING_PHASES.includes(phase) ? 'Warning' : 'Normal',
    regarding: { apiVersion: API_VERSION, kind, name, namespace, uid: runUid },
  };
}
