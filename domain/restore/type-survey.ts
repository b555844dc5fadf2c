import type { IndexLine } from '../backup-index.ts';
import { isCustom } from '../built-in-groups.ts';
import { groupResource } from '../item.ts';
import {
  DEFINITION_TYPE,
  isLeftOut,
  isOpen,
  type RestoreFilter,
  selectItem,
} from './restore-selection.ts';
import { skipReason } from './skip-rules.ts';
import type { HeldType } from './version-choice.ts';

const STORAGE_CLASS_TYPE = 'storageclasses.storage.k8s.io';
const API_SERVICE_TYPE = 'apiservices.apiregistration.k8s.io';

/**
 * What a restore has to know of a backup before it decides about any item: the types that it selects with their
 * versions, their definitions, and which items are named as owners. Sees the index line by line.
 */
export class TypeSurvey {
  /** Uids that selected custom resources name as their owners. */
  readonly ownerUids = new Set<string>();
  /** Names of the storage classes that are restored. */
  readonly storageClasses = new Set<string>();
  readonly #filter: RestoreFilter;
  readonly #types = new Map<string, HeldType & { preferred: string; versions: Set<string> }>();
  /** Definitions by name, in the preferred version of definitions. */
  readonly #definitions = new Map<string, IndexLine>();
  /** APIServices by name: `v1.metrics.k8s.io`. */
  readonly #apiServices = new Map<string, IndexLine>();

  constructor(filter: RestoreFilter) {
    this.#filter = filter;
  }

  see(line: IndexLine): void {
    if (!isWanted(this.#filter, line)) {
      return;
    }
    const type = groupResource(line);
    const held = this.#types.get(type) ?? {
      ...{ type, group: line.group, preferred: '', versions: new Set<string>() },
    };
    this.#types.set(type, held);
    held.versions.add(line.version);
    if (line.isOtherVersion === true) {
      return;
    }
    held.preferred = line.version;
    if (type === STORAGE_CLASS_TYPE) {
      this.storageClasses.add(line.name);
    } else if (type === DEFINITION_TYPE) {
      this.#definitions.set(line.name, line);
    } else if (type === API_SERVICE_TYPE) {
      this.#apiServices.set(line.name, line);
    } else if (isCustom(line)) {
      for (const uid of line.owners ?? []) {
        this.ownerUids.add(uid);
      }
    }
  }

  get types(): readonly HeldType[] {
    return [...this.#types.values()];
  }

  /** Lines of the definitions of some types, as far as they are restored. */
  definitionsOf(types: readonly { readonly type: string }[]): IndexLine[] {
    return types.flatMap(({ type }) => this.#definitions.get(type) ?? []);
  }

  /** Lines of the APIServices that serve some types in a version that the backup has, as far as they are restored. */
  apiServicesOf(types: readonly HeldType[]): IndexLine[] {
    const names = types.flatMap(({ group, versions }) =>
      [...versions].map((version) => `${version}.${group}`),
    );
    return [...new Set(names)].flatMap((name) => this.#apiServices.get(name) ?? []);
  }
}

/** Whether a restore may write an item, as far as its line tells. */
export function isWanted(filter: RestoreFilter, line: IndexLine): boolean {
  if (isLeftOut(selectItem(filter, line)) || !isOpen(filter, line)) {
    return false;
  }
  // Some objects are never restored because of a label, which the line has too.
  const { name, labels } = line;
  const type = { ...line, isNamespaced: line.namespace !== '' };
  return skipReason(type, { metadata: { name, labels: { ...labels } } }) === undefined;
}
