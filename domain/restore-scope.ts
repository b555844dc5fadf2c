import { missingNamespaces } from './selection/namespace-selection.ts';
import type { FailureReport } from './failure.ts';
import { groupResource, type ItemReference } from './item.ts';
import { selectItem } from './restore-selection.ts';
import type { RestoreSpec } from './restore.ts';

/** Compares what a restore asks for with what the backup holds, item by item of the backup's index. */
export class RestoreScope {
  readonly #spec: RestoreSpec;
  /** Namespaces that the backup holds, or of which it holds objects. */
  readonly #namespaces = new Set<string>();
  #selected = 0;

  constructor(spec: RestoreSpec) {
    this.#spec = spec;
  }

  see(item: ItemReference): void {
    if (item.namespace !== '') {
      this.#namespaces.add(item.namespace);
    } else if (groupResource(item) === 'namespaces') {
      this.#namespaces.add(item.name);
    }
    if (selectItem(this.#spec, item) === 'restored') {
      this.#selected += 1;
    }
  }

  /** Why the restore cannot do what it is asked for, when all items were seen; undefined if it can. */
  refusal(): FailureReport | undefined {
    const { backupName, namespaceMapping } = this.#spec;
    const present = [...this.#namespaces];
    const missing = missingNamespaces(this.#spec, present);
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
    if (this.#selected > 0) {
      return undefined;
    }
    return {
      code: 'nothing-selected',
      message: `of what the backup ${backupName} holds, the request selects nothing; include or exclude others`,
      subject: 'spec.includedNamespaces',
    };
  }
}

function notThere(backupName: string, names: readonly string[], subject: string): FailureReport {
  const message = `the backup ${backupName} has no namespace ${names.join(', ')}; correct ${subject}`;
  return { code: 'namespace-not-found', message, subject };
}
