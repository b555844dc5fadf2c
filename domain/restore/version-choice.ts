import { compareText } from '../compare-text.ts';
import type { FailureReport, FieldError } from '../failure.ts';
import { shortErrors, shortList } from '../short-list.ts';

const POINTER = '/spec/excludedResources';
const KUBERNETES_VERSION = /^v(\d+)(?:(alpha|beta)(\d+))?$/;

/** A type of the backup, of which something is restored. */
export interface HeldType {
  /** `deployments.apps` */
  readonly type: string;
  readonly group: string;
  /** The version that the source cluster preferred; empty when the backup has others alone. */
  readonly preferred: string;
  readonly versions: ReadonlySet<string>;
}

/** What the cluster serves, by type: its versions, the preferred one first. */
export type ServedVersions = ReadonlyMap<string, readonly string[]>;

export interface VersionChoice {
  /** The version in which the items of a type are restored. */
  readonly chosen: ReadonlyMap<string, string>;
  readonly unserved: readonly HeldType[];
}

/**
 * Chooses for each type the version that backup and cluster both have, in the order of Velero's feature
 * EnableAPIGroupVersions: the one that the cluster prefers, the one that the source preferred, the highest.
 */
export function chooseVersions(held: Iterable<HeldType>, served: ServedVersions): VersionChoice {
  const chosen = new Map<string, string>();
  const unserved: HeldType[] = [];
  for (const one of held) {
    const version = chooseVersion(one, served.get(one.type) ?? []);
    if (version === undefined) {
      unserved.push(one);
    } else {
      chosen.set(one.type, version);
    }
  }
  return { chosen, unserved };
}

/** Orders versions as Kubernetes does, the best first: v2, v1, v2beta1, v1beta2, v3alpha1, and then what is none. */
export function compareVersions(left: string, right: string): number {
  const [ranks, others] = [rankOf(left), rankOf(right)];
  const index = ranks.findIndex((rank, at) => rank !== others[at]);
  if (index >= 0) {
    return (others[index] ?? 0) - (ranks[index] ?? 0);
  }
  return compareText(left, right);
}

export interface NotServed {
  readonly backupName: string;
  readonly unserved: readonly HeldType[];
  readonly served: ServedVersions;
  /** `group/version` of what is registered and does not answer. */
  readonly failedGroups: readonly string[];
}

/** Why a restore cannot bring back types of the backup, each with its versions; undefined if it can bring back all. */
export function whyNotServed(about: NotServed): FailureReport | undefined {
  const { unserved, backupName } = about;
  if (unserved.length === 0) {
    return undefined;
  }
  const errors = [...unserved]
    .sort((left, right) => compareText(left.type, right.type))
    .map((one): FieldError => ({
      pointer: POINTER,
      code: 'type-not-served',
      detail: detailOf(one, about),
    }));
  const list = shortList(errors.map(({ detail }) => detail));
  return {
    code: 'type-not-served',
    message:
      `the cluster serves no version that the backup ${backupName} has of: ${list}. ` +
      'Make the cluster serve them, or leave them out with spec.excludedResources',
    subject: 'spec.excludedResources',
    errors: shortErrors(errors),
  };
}

function detailOf(held: HeldType, { served, failedGroups }: NotServed): string {
  const backup = `${held.type} (backup: ${[...held.versions].sort(compareVersions).join(', ')};`;
  const versions = served.get(held.type) ?? [];
  const failed = failedGroups.filter((one) => one.startsWith(`${held.group}/`));
  if (versions.length === 0 && failed.length > 0) {
    return `${backup} cluster: the API server of ${failed.join(', ')} does not answer)`;
  }
  return `${backup} cluster: ${versions.length === 0 ? 'none' : versions.join(', ')})`;
}

function chooseVersion(
  { preferred, versions }: HeldType,
  served: readonly string[],
): string | undefined {
  const [first] = served;
  if (first !== undefined && versions.has(first)) {
    return first;
  }
  if (served.includes(preferred)) {
    return preferred;
  }
  return served.filter((version) => versions.has(version)).sort(compareVersions)[0];
}

/** Stability, major number and minor number, higher ones first. */
function rankOf(version: string): readonly number[] {
  const [whole, major, stability, minor] = KUBERNETES_VERSION.exec(version) ?? [];
  if (whole === undefined) {
    return [0, 0, 0];
  }
  const stable = stability === 'alpha' ? 1 : stability === 'beta' ? 2 : 3;
  return [stable, Number(major), Number(minor ?? 0)];
}
