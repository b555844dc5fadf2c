import type { FailureReport } from '../failure.ts';
import { groupResource } from '../item.ts';
import { NAME_OWN } from './restore-plan.ts';
import { mappedNamespace, type RestoreSpec } from '../restore.ts';
import { missingNamespaces } from '../selection/namespace-selection.ts';
import { shortList } from '../short-list.ts';
import {
  isLeftOut,
  isOpen,
  type RestoreFilter,
  type Selection,
  selectItem,
  type SelectableItem,
} from './restore-selection.ts';

/** Compares what a restore asks for with what the backup holds, item by item of the backup's index. */
export class RestoreScope {
  readonly #filter: RestoreFilter;
  /** Namespaces that the backup holds, or of which it holds objects. */
  readonly #namespaces = new Set<string>();
  /** Namespaces that are restored, or of which objects are. */
  readonly #restored = new Set<string>();
  #selected = 0;
  /** Items that only their being Holdfast's own keeps from being restored. */
  #own = 0;

  constructor(filter: RestoreFilter) {
    this.#filter = filter;
  }

  see(item: SelectableItem): void {
    const namespace = groupResource(item) === 'namespaces' ? item.name : item.namespace;
    const selection = selectItem(this.#filter, item);
    this.#namespaces.add(namespace);
    if (selection === 'restored') {
      this.#restored.add(namespace);
    }
    this.#own += selection === 'holdfast' ? 1 : 0;
    if (this.#counts(selection) && isOpen(this.#filter, item)) {
      this.#selected += 1;
    }
  }

  /** What belongs to others counts where it is all that an earlier restore has left undone. */
  #counts(selection: Selection): boolean {
    return this.#filter.retried === undefined ? selection === 'restored' : !isLeftOut(selection);
  }

  /** Why the restore cannot do what it is asked for, when all items were seen; undefined if it can. */
  refusal(): FailureReport | undefined {
    const { spec } = this.#filter;
    const { backupName, namespaceMapping } = spec;
    const present = [...this.#namespaces].filter((name) => name !== '');
    const missing = missingNamespaces(spec, present);
    if (missing.length > 0) {
      return notThere(backupName, missing, 'spec.includedNamespaces');
    }
    const unmapped = missingNamespaces(
      { includedNamespaces: Object.keys(namespaceMapping) },
      present,
    );
    if (unmapped.length > 0) {
      return notThere(backupName, unmapped, 'spec.namespaceMapping');
    }
    return this.#selected > 0 ? this.#collision(spec) : nothingSelected(backupName, this.#own > 0);
  }

  /** Two namespaces that become one: of objects of one name the later one would count as restored, and would be lost. */
  #collision(spec: RestoreSpec): FailureReport | undefined {
    const mapped = Object.entries(spec.namespaceMapping).find(
      ([from, to]) =>
        from !== to &&
        mappedNamespace(spec, to) === to &&
        this.#restored.has(from) &&
        this.#restored.has(to),
    );
    if (mapped === undefined) {
      return undefined;
    }
    const [from, to] = mapped;
    return {
      code: 'mapping-not-usable',
      message:
        `${from} would be restored into ${to}, which is restored itself; map ${from} to another namespace in ` +
        `spec.namespaceMapping, map ${to} away there as well, or exclude one of the two`,
      subject: 'spec.namespaceMapping',
    };
  }
}

function nothingSelected(backupName: string, hasOwn: boolean): FailureReport {
  const what = hasOwn ? "only what is Holdfast's own and not named" : 'nothing';
  const remedy = hasOwn ? `${NAME_OWN}, or include others` : 'include or exclude others';
  return {
    code: 'nothing-selected',
    message: `of what the backup ${backupName} holds, the request selects ${what}; ${remedy}`,
    subject: 'spec.includedNamespaces',
  };
}

function notThere(backupName: string, names: readonly string[], subject: string): FailureReport {
  const message = `the backup ${backupName} has no namespace ${shortList(names)}; correct ${subject}`;
  return { code: 'namespace-not-found', message, subject };
}
