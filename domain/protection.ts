import { type BackupSpec, isNamespaceSelected } from './backup.ts';

/** How well a namespace is protected: lately, long ago, or not at all. */
export const PROTECTIONS = ['Covered', 'Stale', 'Uncovered'] as const;
export type Protection = (typeof PROTECTIONS)[number];

/** A good backup of a namespace without a schedule is lately made for so long, in milliseconds. */
const FRESH_MS = 48 * 3_600_000;
/** Intervals of its schedule that may pass without a good backup. */
const INTERVALS_MAX = 2;

/** A namespace of the cluster. */
export interface LiveNamespace {
  readonly name: string;
  readonly createdMs: number;
}

/** A backup that is Completed. */
export interface GoodBackup {
  readonly location: string;
  readonly name: string;
  readonly spec: BackupSpec;
  readonly startMs: number;
  readonly endMs: number;
}

/** A schedule that makes backups. */
export interface ActiveSchedule {
  readonly name: string;
  readonly template: BackupSpec;
  /** Longest time between two of its times; undefined where nobody knows. */
  readonly intervalMs: number | undefined;
}

export interface NamespaceProtection {
  readonly protection: Protection;
  /** The newest good backup that has the namespace. */
  readonly backup?: GoodBackup;
  /** Of the schedules that take the namespace the one that comes round most often. */
  readonly schedule?: ActiveSchedule;
}

export interface Protected {
  /** Of the cluster of the namespaces. */
  readonly backups: readonly GoodBackup[];
  readonly schedules: readonly ActiveSchedule[];
  readonly nowMs: number;
  /** How old the newest good backup may be; two intervals of the schedule when left out, or `FRESH_MS` without one. */
  readonly staleAfterMs?: number | undefined;
}

/**
 * How well a namespace is protected. A backup counts when it takes the namespace as a whole: one that is narrowed to
 * labels or types does not, nor does one from before the namespace was made.
 */
export function protectionOf(
  { name, createdMs }: LiveNamespace,
  { backups, schedules, nowMs, staleAfterMs }: Protected,
): NamespaceProtection {
  const backup = backups
    .filter(({ spec, startMs }) => startMs >= createdMs && takesWhole(spec, name))
    .reduce<GoodBackup | undefined>(
      (newest, one) => (newest === undefined || one.endMs > newest.endMs ? one : newest),
      undefined,
    );
  const schedule = mostOften(schedules.filter(({ template }) => takesWhole(template, name)));
  const found = {
    ...(backup === undefined ? {} : { backup }),
    ...(schedule === undefined ? {} : { schedule }),
  };
  if (backup === undefined) {
    return { protection: 'Uncovered', ...found };
  }
  const { intervalMs } = schedule ?? {};
  const ownMs = intervalMs === undefined ? FRESH_MS : INTERVALS_MAX * intervalMs;
  const isStale = nowMs - backup.endMs > (staleAfterMs ?? ownMs);
  return { protection: isStale ? 'Stale' : 'Covered', ...found };
}

/** Whether a backup of a request takes all objects of a namespace, but for types that it leaves out by name. */
function takesWhole(spec: BackupSpec, namespace: string): boolean {
  const isNarrow =
    spec.labelSelector !== undefined ||
    spec.orLabelSelectors !== undefined ||
    [spec.includedResources, spec.includedNamespaceScopedResources].some(namesTypes);
  return !isNarrow && isNamespaceSelected(spec, namespace);
}

function namesTypes(types: readonly string[] = []): boolean {
  return types.length > 0 && !types.includes('*');
}

function mostOften(schedules: readonly ActiveSchedule[]): ActiveSchedule | undefined {
  const [first, ...others] = schedules;
  return others.reduce(
    (often, one) => ((one.intervalMs ?? Infinity) < (often?.intervalMs ?? Infinity) ? one : often),
    first,
  );
}
