import type { Condition } from '../condition.ts';
import { type LocationCheck, type LocationPhase, phaseOfChecks } from '../location-check.ts';

/** What the last check of a location found, as its resource keeps it. */
export interface LocationHealth {
  readonly phase: LocationPhase;
  /** RFC 3339. */
  readonly checkedAt: string;
  /** The generation that was checked; left out for a location of the configuration. */
  readonly observedGeneration?: number;
  /** `Available` alone. */
  readonly conditions: readonly Condition[];
}

interface Checked {
  readonly checkedAt: string;
  readonly generation?: number | undefined;
  /** What the check before it found. */
  readonly before?: LocationHealth | undefined;
}

/** Failures that a condition names; an answer to a check has all of them. */
const NAMED_MAX = 3;

/** What a check has found. `Available` is True also for a location that is Degraded: backups and restores work. */
export function healthOf(checks: readonly LocationCheck[], checked: Checked): LocationHealth {
  const { checkedAt, generation, before } = checked;
  const phase = phaseOfChecks(checks);
  const status = phase === 'Unavailable' ? 'False' : 'True';
  const [was] = before?.conditions ?? [];
  const lastTransitionTime = was?.status === status ? was.lastTransitionTime : checkedAt;
  const message = messageOf(checks);
  return {
    ...{ phase, checkedAt },
    ...(generation === undefined ? {} : { observedGeneration: generation }),
    conditions: [{ type: 'Available', status, reason: phase, message, lastTransitionTime }],
  };
}

function messageOf(checks: readonly LocationCheck[]): string {
  const failed = checks.filter(({ result }) => result === 'failed');
  if (failed.length === 0) {
    return 'each operation works';
  }
  const named = failed
    .slice(0, NAMED_MAX)
    .map(({ name, failure }) => `${name}: ${failure?.message ?? 'failed'}`);
  const more = failed.length - named.length;
  return [...named, ...(more === 0 ? [] : [`${String(more)} more`])].join('; ');
}
