import { Failure, type FailureCode } from '../../domain/failure.ts';
import { msUntilUndo } from '../../domain/hooks/freeze.ts';
import type { Cluster } from '../kubernetes/port.ts';
import { Freezes } from './freezes.ts';
import { type Thaw, undoOverdue } from './undo-freeze.ts';

/** How long another one that thaws an overdue pod is left to it. */
const RESPECT_MS = 5000;
/** How long the Lease of a freeze that ended without its backup stays, for people. */
const KEPT_MS = 24 * 3_600_000;

/** What a sweep has done with a freeze. */
export interface Swept {
  readonly pod: string;
  readonly run: string;
  /** `GivenUp`: it failed for about a day. */
  readonly end: 'Thawed' | 'Failed' | 'Gone' | 'GivenUp' | 'Forgotten';
  /** Why it failed, and how often it has. */
  readonly code?: FailureCode;
  readonly tries?: number;
}

/** How freezes are swept, for as long as a worker lives. */
export interface Sweep {
  readonly signal: AbortSignal;
  readonly onSwept: (swept: Swept) => void;
  /** Pods that are being thawed by an earlier sweep, by uid: one whose undo hangs keeps no other waiting. */
  readonly busy: Set<string>;
}

/**
 * Thaws every pod that is frozen past its deadline, or whose thaw failed and is to be tried again, whatever became of its
 * backup, and forgets what ended a day ago. One pod that cannot be thawed keeps no other from it. Gives the thaws that it
 * has begun, none of which throws.
 */
export async function sweepFreezes(
  { cluster, namespace }: { readonly cluster: Cluster; readonly namespace: string },
  { signal, onSwept, busy }: Sweep,
): Promise<{ readonly thaws: readonly Promise<void>[] }> {
  const freezes = new Freezes(cluster, namespace);
  const thawer = { freezes, cluster, by: 'the sweeper', signal, respectMs: RESPECT_MS };
  const thawing: Promise<void>[] = [];
  for await (const stored of freezes.all(signal)) {
    const { pod, run } = stored.freeze;
    const told = { pod: `${pod.namespace}/${pod.name}`, run };
    const { thawed } = stored.thawing;
    const leftMs = msUntilUndo(stored, Date.now()) ?? Infinity;
    if (leftMs <= 0 && !busy.has(pod.uid)) {
      busy.add(pod.uid);
      const work = undoOverdue(pod.uid, thawer).then(
        (end) => {
          if (end.kind === 'Thawed') {
            onSwept({ ...told, ...endOf(end) });
          }
        },
        (error: unknown) => {
          const code = error instanceof Failure ? error.code : 'internal';
          onSwept({ ...told, end: 'Failed', code });
        },
      );
      thawing.push(
        work.finally(() => {
          busy.delete(pod.uid);
        }),
      );
    } else if (thawed !== undefined && Date.now() - Date.parse(thawed.at) > KEPT_MS) {
      await freezes.forget(stored);
      onSwept({ ...told, end: 'Forgotten' });
    }
  }
  return { thaws: thawing };
}

function endOf({
  isClean,
  failed,
}: Extract<Thaw, { kind: 'Thawed' }>): Pick<Swept, 'end' | 'code' | 'tries'> {
  if (failed === undefined) {
    return { end: isClean ? 'Thawed' : 'Gone' };
  }
  const { code, tries, isGivenUp } = failed;
  return { end: isGivenUp ? 'GivenUp' : 'Failed', code, tries };
}
