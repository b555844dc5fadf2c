import type { EndPhase } from '../../domain/phase.ts';
import {
  KUBERNETES_EVENT,
  kubernetesEvent,
  type KubernetesNews,
} from '../../domain/notifications/kubernetes-event.ts';
import type { FailureReport } from '../../domain/failure.ts';
import type { RunReference } from '../../domain/run-reference.ts';
import type { OpenResult } from '../contract.ts';
import type { Dependencies, OwnDependencies } from '../dependencies.ts';
import { mayHaveEndpoints } from './endpoint-registry.ts';

/** An Event that takes longer is not waited for. */
const EVENT_TIMEOUT_MS = 5000;

type Kind = 'Backup' | 'Restore';
type Activity<Input, Result, Deps = Dependencies> = (deps: Deps, input: Input) => Promise<Result>;
type TellingDependencies = Pick<Dependencies, 'cluster' | 'namespace'>;

interface Ended {
  readonly phase: EndPhase;
  readonly completionTimestamp: string;
  readonly items: number;
  readonly warnings: number;
  readonly errors: number;
  readonly failure?: FailureReport;
}

/** An open step that tells of a run that it has opened, and says whether anybody is to be notified of it. */
export function tellingOpen<Input extends RunReference & { readonly startTimestamp: string }>(
  kind: Kind,
  open: Activity<Input, OpenResult, OwnDependencies>,
): Activity<Input, OpenResult, OwnDependencies> {
  return async (deps, input) => {
    const [result, hasEndpoints] = await Promise.all([open(deps, input), mayHaveEndpoints(deps)]);
    if (result.kind !== 'accepted') {
      return result;
    }
    const { location, name, runUid, startTimestamp: time } = input;
    const run = { kind, location, name, runUid };
    void writeEvent(deps, { run, phase: 'Started', time, words: 'has begun' });
    return hasEndpoints ? { ...result, hasEndpoints } : result;
  };
}

/** A last step that tells how the run has ended. */
export function tellingEnd<Input extends RunReference, Result>(
  kind: Kind,
  {
    end,
    endedOf,
  }: {
    readonly end: Activity<Input, Result>;
    readonly endedOf: (input: Input, result: Result) => Ended;
  },
): Activity<Input, Result> {
  return async (deps, input) => {
    const result = await end(deps, input);
    const {
      phase,
      completionTimestamp: time,
      items,
      warnings,
      errors,
      failure,
    } = endedOf(input, result);
    const { location, name, runUid } = input;
    const run = { kind, location, name, runUid };
    const counts = `${String(items)} items, ${String(errors)} errors, ${String(warnings)} warnings`;
    const words = failure === undefined ? counts : failure.message;
    void writeEvent(deps, { run, phase, time, words });
    return result;
  };
}

/** Tried once, and nobody waits for it: a run does not depend on it. A repeated step finds its Event there. */
async function writeEvent(
  { cluster, namespace }: TellingDependencies,
  news: KubernetesNews,
): Promise<void> {
  try {
    const signal = AbortSignal.timeout(EVENT_TIMEOUT_MS);
    await cluster.create(KUBERNETES_EVENT, kubernetesEvent(news, namespace), { signal });
  } catch {
    // Without the namespace, or the right to write there, there are no Events.
  }
}
