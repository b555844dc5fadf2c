import type { FailureReport } from './failure.ts';

/**
 * What a check of a storage location tries, in the order of reports, and what the location is worth when that fails:
 * `Unavailable` where backups or restores would fail too, `Degraded` where they have less to rely on, `Available` where
 * Holdfast does not use it.
 */
export const LOCATION_CHECKS = {
  put: 'Unavailable',
  get: 'Unavailable',
  'range-get': 'Unavailable',
  head: 'Unavailable',
  list: 'Unavailable',
  'list-folders': 'Unavailable',
  delete: 'Unavailable',
  'multipart-upload': 'Unavailable',
  'copy-part': 'Unavailable',
  'abort-upload': 'Unavailable',
  'if-none-match': 'Unavailable',
  'if-match': 'Unavailable',
  'conditional-completion': 'Unavailable',
  'checksums-configured': 'Unavailable',
  'checksums-default': 'Available',
  'object-lock': 'Unavailable',
  clock: 'Degraded',
} as const satisfies Record<string, LocationPhase>;

/** What a location is worth, from best to worst. */
export const LOCATION_PHASES = ['Available', 'Degraded', 'Unavailable'] as const;

export type LocationPhase = (typeof LOCATION_PHASES)[number];
export type LocationCheckName = keyof typeof LOCATION_CHECKS;

export const CHECK_RESULTS = ['ok', 'failed', 'skipped'] as const;

/** What became of one operation. */
export interface LocationCheck {
  readonly name: LocationCheckName;
  readonly result: (typeof CHECK_RESULTS)[number];
  /** Why it was skipped. */
  readonly reason?: string;
  readonly failure?: FailureReport;
  /** Of `clock`: how far the clock of the server is ahead of that of the process, about. */
  readonly offsetSeconds?: number;
}

/** What a location is worth by its checks. */
export function phaseOfChecks(checks: readonly LocationCheck[]): LocationPhase {
  const worst = checks.map((check) => LOCATION_PHASES.indexOf(phaseOfCheck(check)));
  return LOCATION_PHASES[Math.max(0, ...worst)] ?? 'Available';
}

function phaseOfCheck({ name, result, failure }: LocationCheck): LocationPhase {
  if (result !== 'failed') {
    return 'Available';
  }
  // The workflow id guards a name alone then; a server that refuses conditions takes no backup at all.
  return failure?.code === 'condition-ignored' ? 'Degraded' : LOCATION_CHECKS[name];
}
