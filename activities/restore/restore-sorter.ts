import type { IndexLine } from '../../domain/backup-index.ts';
import { groupResource } from '../../domain/item.ts';
import {
  bareNamespaceLine,
  LEFT_OUT_REASONS,
  type LeftOut,
  type LeftOutReason,
} from '../../domain/restore-plan.ts';
import { RestoreScope } from '../../domain/restore-scope.ts';
import { selectItem, VOLUME_TYPE } from '../../domain/restore-selection.ts';
import type { RestoreSpec } from '../../domain/restore.ts';

/** What the plan has to know of a persistent volume's content. */
export interface VolumeBinding {
  /** Empty if the volume is bound to no claim. */
  readonly claimUid: string;
  /** Whether the volume goes with its claim, and a new one comes with the restored claim. */
  readonly isReprovisioned: boolean;
}

/**
 * Decides, line by line of a backup's index, what a restore takes, and counts what it leaves out. Definitions and
 * volumes that depend on other items are decided when all lines were seen.
 */
export class RestoreSorter {
  readonly scope: RestoreScope;
  /** Lines of persistent volumes, whose content decides. */
  readonly volumes: IndexLine[] = [];
  readonly keptVolumes: string[] = [];
  readonly #spec: RestoreSpec;
  readonly #types = new Set<string>();
  readonly #claims = new Set<string>();
  readonly #definitions: IndexLine[] = [];
  readonly #takenVolumes: IndexLine[] = [];
  /** One line of each namespace that restored objects are in; undefined once the namespace itself was seen. */
  readonly #namespaces = new Map<string, IndexLine | undefined>();
  readonly #leftOut = new Map<string, LeftOut>();

  constructor(spec: RestoreSpec) {
    this.#spec = spec;
    this.scope = new RestoreScope(spec);
  }

  /** Whether a line is restored whatever the other lines are. */
  takes(line: IndexLine): boolean {
    if (line.isOtherVersion === true) {
      this.#leaveOut('otherVersion', line);
      return false;
    }
    this.scope.see(line);
    const selection = selectItem(this.#spec, line);
    const type = groupResource(line);
    if (type === VOLUME_TYPE && selection !== 'notRestorable') {
      this.volumes.push(line);
      return false;
    }
    if (selection === 'restored') {
      this.#note(line, type);
      return true;
    }
    if (selection === 'definition') {
      this.#definitions.push(line);
    } else {
      this.#leaveOut(selection, line);
    }
    return false;
  }

  /** Decides about a persistent volume, when all lines were seen. */
  seeVolume(line: IndexLine, { claimUid, isReprovisioned }: VolumeBinding): void {
    const isAsked = selectItem(this.#spec, line) === 'restored';
    if (!isAsked && !this.#claims.has(claimUid)) {
      this.#leaveOut('notSelected', line);
    } else if (!isAsked && isReprovisioned) {
      this.#leaveOut('volume', line);
    } else {
      this.#takenVolumes.push(line);
      if (!isReprovisioned) {
        this.keptVolumes.push(line.name);
      }
    }
  }

  /** What is restored because of other lines: their definitions, volumes and namespaces. */
  related(): IndexLine[] {
    const needed = this.#definitions.filter(({ name }) => this.#types.has(name));
    for (const line of this.#definitions.filter(({ name }) => !this.#types.has(name))) {
      this.#leaveOut('definition', line);
    }
    const bare = [...this.#namespaces.values()].filter((line) => line !== undefined);
    return [...needed, ...this.#takenVolumes, ...bare.map(bareNamespaceLine)];
  }

  get leftOut(): readonly LeftOut[] {
    return [...this.#leftOut.values()];
  }

  #note(line: IndexLine, type: string): void {
    this.#types.add(type);
    if (type === 'namespaces') {
      this.#namespaces.set(line.name, undefined);
    } else if (line.namespace !== '' && !this.#namespaces.has(line.namespace)) {
      this.#namespaces.set(line.namespace, line);
    }
    if (type === 'persistentvolumeclaims') {
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
