import type { IndexLine } from '../../domain/backup-index.ts';
import { groupResource, itemText, type KubernetesObject } from '../../domain/item.ts';
import { neededByPod } from '../../domain/restore/pod-needs.ts';
import {
  bareNamespaceLine,
  isBareNamespace,
  LEFT_OUT_REASONS,
  type LeftOut,
  type LeftOutReason,
} from '../../domain/restore/restore-plan.ts';
import {
  isOpen,
  type RestoreFilter,
  selectItem,
  VOLUME_TYPE,
} from '../../domain/restore/restore-selection.ts';
import { skipReason } from '../../domain/restore/skip-rules.ts';
import type { VersionFilter } from '../../domain/restore/version-filter.ts';
import { CLAIMS } from '../../domain/selection/related-items.ts';
import { typeOf } from './shard-lines.ts';

/** What the plan has to know of a persistent volume's content. */
export interface VolumeBinding {
  /** Empty if the volume is bound to no claim. */
  readonly claimUid: string;
  /** Whether the volume goes with its claim, and a new one comes with the restored claim. */
  readonly isReprovisioned: boolean;
  /** Whether the backup has a copy of its data, which goes into a new volume; the old one may still be there. */
  readonly isCopied: boolean;
}

/**
 * Decides, line by line of a backup's index, what a restore takes, and counts what it leaves out. What depends on other
 * items is decided when all lines were seen: first what pods need, then volumes, and then the rest.
 */
export class RestoreSorter {
  /** Lines of persistent volumes, whose content decides. */
  readonly volumes: IndexLine[] = [];
  readonly keptVolumes: string[] = [];
  readonly #filter: RestoreFilter;
  readonly #versions: VersionFilter;
  readonly #types = new Set<string>();
  readonly #claims = new Set<string>();
  /** Lines that are taken with the pods that need them. */
  readonly #ofPods: IndexLine[] = [];
  readonly #needs = new Set<string>();
  readonly #definitions: IndexLine[] = [];
  readonly #takenVolumes: IndexLine[] = [];
  /** One line of each namespace that restored objects are in; undefined once the namespace itself was seen. */
  readonly #namespaces = new Map<string, IndexLine | undefined>();
  /** Namespaces that are not asked for themselves. */
  readonly #unasked = new Map<string, IndexLine>();
  readonly #leftOut = new Map<string, LeftOut>();

  constructor(filter: RestoreFilter, versions: VersionFilter) {
    this.#filter = filter;
    this.#versions = versions;
  }

  /** Whether a line is restored whatever the other lines are. */
  takes(line: IndexLine): boolean {
    if (!this.#versions.takes(line)) {
      this.#leaveOut('otherVersion', line);
      return false;
    }
    const selection = selectItem(this.#filter, line);
    const type = groupResource(line);
    if (type === VOLUME_TYPE && (selection === 'restored' || selection === 'volume')) {
      this.volumes.push(line);
      return false;
    }
    if (selection === 'restored') {
      this.#note(line, type);
      return this.#isOpen(line);
    }
    if (selection === 'ofPods') {
      this.#ofPods.push(line);
    } else if (selection === 'definition') {
      this.#definitions.push(line);
    } else if (selection === 'namespace') {
      this.#unasked.set(line.name, line);
    } else {
      this.#leaveOut(selection, line);
    }
    return false;
  }

  /** Whether there are items about which only the content of pods can decide. */
  get asksPods(): boolean {
    return this.#ofPods.length > 0;
  }

  isRestoredPod(line: IndexLine): boolean {
    return (
      groupResource(line) === 'pods' &&
      this.#versions.takes(line) &&
      selectItem(this.#filter, line) === 'restored'
    );
  }

  seePod(line: IndexLine, pod: KubernetesObject): void {
    if (skipReason(typeOf(line), pod) === undefined) {
      for (const need of neededByPod(pod)) {
        this.#needs.add(need);
      }
    }
  }

  /** What is restored because of pods, when all of them were seen. */
  neededByPods(): IndexLine[] {
    const needed = this.#ofPods.filter((line) => this.#needs.has(itemText(line)));
    for (const line of this.#ofPods.filter((one) => !this.#needs.has(itemText(one)))) {
      this.#leaveOut('notSelected', line);
    }
    for (const line of needed) {
      this.#note(line, groupResource(line));
    }
    return needed.filter((line) => this.#isOpen(line));
  }

  /** Decides about a persistent volume, when all lines and what pods need were seen. */
  seeVolume(line: IndexLine, { claimUid, isReprovisioned, isCopied }: VolumeBinding): void {
    const isAsked = selectItem(this.#filter, line) === 'restored';
    if (!isAsked && !this.#claims.has(claimUid)) {
      this.#leaveOut('notSelected', line);
    } else if (isCopied || (!isAsked && isReprovisioned)) {
      this.#leaveOut('volume', line);
    } else {
      if (this.#isOpen(line)) {
        this.#takenVolumes.push(line);
      }
      // Claims keep to the volumes that an earlier restore has put back.
      if (!isReprovisioned) {
        this.keptVolumes.push(line.name);
      }
    }
  }

  /** What is restored because of other lines: their definitions, volumes and namespaces. */
  related(): IndexLine[] {
    const needed = this.#definitions.filter(
      (line) => this.#types.has(line.name) && this.#isOpen(line),
    );
    for (const line of this.#definitions.filter(({ name }) => !this.#types.has(name))) {
      this.#leaveOut('definition', line);
    }
    return [...needed, ...this.#takenVolumes, ...this.#relatedNamespaces()];
  }

  get leftOut(): readonly LeftOut[] {
    return [...this.#leftOut.values()];
  }

  /** The namespaces of what is restored: as they are in the backup, or bare where it does not hold them. */
  #relatedNamespaces(): IndexLine[] {
    for (const [name, line] of this.#unasked) {
      if (this.#namespaces.get(name) === undefined) {
        this.#leaveOut('notSelected', line);
      }
    }
    const missing = [...this.#namespaces.values()].filter((line) => line !== undefined);
    return missing
      .map((line) => this.#unasked.get(line.namespace) ?? bareNamespaceLine(line))
      .filter((line) => this.#isOpen(line));
  }

  #isOpen(line: IndexLine): boolean {
    const open = isOpen(this.#filter, line);
    if (!open && !isBareNamespace(line)) {
      this.#leaveOut('dealtWith', line);
    }
    return open;
  }

  #note(line: IndexLine, type: string): void {
    this.#types.add(type);
    if (type === 'namespaces') {
      this.#namespaces.set(line.name, undefined);
    } else if (line.namespace !== '' && !this.#namespaces.has(line.namespace)) {
      this.#namespaces.set(line.namespace, line);
    }
    if (type === CLAIMS) {
      this.#claims.add(line.uid);
    }
  }

  #leaveOut(reason: LeftOutReason, line: IndexLine): void {
    const type = groupResource(line);
    const key = `${reason} ${type}`;
    const items = (this.#leftOut.get(key)?.items ?? 0) + 1;
    this.#leftOut.set(key, { reason: LEFT_OUT_REASONS[reason], type, items });
  }
}
