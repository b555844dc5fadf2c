import type { ExistingRules } from '../../domain/restore/existing-decision.ts';
import type { RestoreVerb } from '../../domain/restore.ts';
import type { BeginWait } from '../heartbeat.ts';
import type { Cluster } from '../kubernetes/port.ts';
import type { ReplacedObjects } from './replaced-objects.ts';

export interface ExistingContext extends ExistingRules {
  readonly cluster: Cluster;
  /** How long an object that is deleted may take until it is gone. */
  readonly goneWaitMs: number;
  readonly signal: AbortSignal;
  readonly wait: BeginWait;
  /** If it cannot keep a live object, that is not deleted. */
  readonly replaced: ReplacedObjects;
}

export interface Applied {
  readonly verb: RestoreVerb;
  readonly reason?: string;
  /** See `RestoreOutcome`. */
  readonly isIncomplete?: true;
  /** Another try may do better: what serves or admits the object is away, or the object that is there is on its way out. */
  readonly isPassing?: true;
  /** See `ItemFailure`. */
  readonly isAway?: true;
  /** See `AppliedItem`. */
  readonly hasHooks?: true;
  /** What ends the attempt. There is an outcome all the same, since the cluster may lack an object that it had before. */
  readonly ending?: Error;
}
