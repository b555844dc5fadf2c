import { recordTime } from '../duration.ts';
import type { FailureCode } from '../failure.ts';
import { fields } from '../fields.ts';
import type { KubernetesObject, ResourceType } from '../item.ts';
import type { ExecHook } from './hook.ts';
import type { HookRun } from './hook-run.ts';

/** A pod whose hooks are run. */
export interface HookPod {
  readonly namespace: string;
  readonly name: string;
  readonly uid: string;
}

/**
 * What the hooks of a backup have begun in a pod, as it stands in a Lease of Holdfast's own namespace before the first of
 * them runs: whoever finds it after its deadline runs the undo, with or without the backup.
 */
export interface Freeze {
  readonly pod: HookPod;
  /** The backup, for people: `backup/<location>/<name>`. */
  readonly run: string;
  readonly runUid: string;
  /** RFC 3339. */
  readonly since: string;
  readonly deadline: string;
  /** The post hooks of the pod. */
  readonly undo: readonly ExecHook[];
}

/** How far the undo of a freeze is. */
export interface Thawing {
  /** Who claimed the undo first. */
  readonly first?: string;
  /** Who runs the undo, and since when, RFC 3339. */
  readonly claim?: { readonly by: string; readonly at: string };
  /** How often it was run and did not succeed. */
  readonly tries?: number;
  /** Why it did not succeed the last time, and not before when it is run again, RFC 3339. */
  readonly code?: FailureCode;
  readonly retryAt?: string;
  /** Whether a pre hook may freeze something yet, so that the undo is run again at the deadline. */
  readonly mayFreezeYet?: boolean;
  readonly thawed?: Thawed;
}

/** When an undo ended and who ran it. */
export interface Thawed {
  readonly by: string;
  readonly at: string;
  /** Whether every hook of it succeeded. */
  readonly isClean: boolean;
  /** What its hooks gave, in their order and without commands and output; left out where they are very many. */
  readonly runs?: readonly HookRun[];
}

/** A freeze as it was read, with what says that nobody has changed it since. */
export interface StoredFreeze {
  readonly freeze: Freeze;
  readonly thawing: Thawing;
  readonly uid: string;
  readonly resourceVersion: string;
}

export const LEASE: ResourceType = {
  group: 'coordination.k8s.io',
  version: 'v1',
  resource: 'leases',
  kind: 'Lease',
  isNamespaced: true,
};

const FREEZE = 'holdfast.dev/freeze';
const THAWING = 'holdfast.dev/thawing';
/** Selects the Leases of freezes. */
export const FREEZE_SELECTOR = `${FREEZE}=true`;

/** One for each pod: two backups do not freeze the same one. */
export function freezeLeaseName(podUid: string): string {
  return `freeze-${podUid}`;
}

export function leaseOfFreeze(freeze: Freeze, namespace: string): KubernetesObject {
  const { pod, run, since, deadline } = freeze;
  const seconds = Math.max(1, Math.ceil((Date.parse(deadline) - Date.parse(since)) / 1000));
  return {
    ...{ apiVersion: 'coordination.k8s.io/v1', kind: 'Lease' },
    metadata: {
      name: freezeLeaseName(pod.uid),
      namespace,
      labels: {
        'app.kubernetes.io/name': 'holdfast',
        'app.kubernetes.io/managed-by': 'holdfast',
        [FREEZE]: 'true',
        // What was frozen when a backup was made is not frozen when it is restored.
        'velero.io/exclude-from-backup': 'true',
      },
      annotations: { [FREEZE]: JSON.stringify(freeze), [THAWING]: '{}' },
    },
    spec: {
      holderIdentity: run,
      leaseDurationSeconds: seconds,
      acquireTime: since.replace('Z', '.000000Z'),
    },
  };
}

/** Undefined for a Lease that is none of a freeze. */
export function freezeOfLease({ metadata }: KubernetesObject): StoredFreeze | undefined {
  const { annotations = {}, uid = '', resourceVersion = '' } = metadata;
  const freeze = parsed(annotations[FREEZE]);
  if (typeof fields(freeze)['deadline'] !== 'string') {
    return undefined;
  }
  return {
    // Nobody but Holdfast writes Leases that carry these annotations.
    freeze: freeze as Freeze,
    thawing: parsed(annotations[THAWING]) ?? {},
    ...{ uid, resourceVersion },
  };
}

/** The patch that says how far the undo is, unless somebody else has said so since. */
export function thawingPatch(
  thawing: Thawing,
  { resourceVersion }: Pick<StoredFreeze, 'resourceVersion'>,
): Readonly<Record<string, unknown>> {
  return { metadata: { resourceVersion, annotations: { [THAWING]: JSON.stringify(thawing) } } };
}

/** How long it is until a freeze has to be undone by whoever finds it; undefined where that is done, or given up. */
export function msUntilUndo({ freeze, thawing }: StoredFreeze, nowMs: number): number | undefined {
  const { thawed, retryAt = freeze.deadline } = thawing;
  return thawed === undefined ? Date.parse(retryAt) - nowMs : undefined;
}

/** When a freeze that begins now is undone at the latest. */
export function freezeTimes(
  nowMs: number,
  thawAfterMs: number,
): Pick<Freeze, 'since' | 'deadline'> {
  return { since: recordTime(nowMs), deadline: recordTime(nowMs + thawAfterMs) };
}

function parsed(text: string | undefined): unknown {
  try {
    return text === undefined ? undefined : JSON.parse(text);
  } catch {
    return undefined;
  }
}
