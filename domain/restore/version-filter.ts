import type { IndexLine } from '../backup-index.ts';
import { groupResource, itemText } from '../item.ts';
import type { HeldType } from './version-choice.ts';

/** Takes of each item of a backup the line in the version that is restored, and no other. */
export class VersionFilter {
  readonly #chosen: ReadonlyMap<string, string>;
  /** Types that are not restored in the version that the source preferred. */
  readonly #turned: ReadonlySet<string>;
  /** Items of those types that the backup has in the chosen version; empty until all lines were seen. */
  readonly #inChosen = new Set<string>();

  constructor(types: readonly HeldType[], chosen: ReadonlyMap<string, string>) {
    this.#chosen = chosen;
    this.#turned = new Set(
      types
        .filter(({ type, preferred }) => chosen.has(type) && chosen.get(type) !== preferred)
        .map(({ type }) => type),
    );
  }

  /** Whether `see` has to see all lines before `takes` is asked. */
  get mustSee(): boolean {
    return this.#turned.size > 0;
  }

  see(line: IndexLine): void {
    const type = groupResource(line);
    if (this.#turned.has(type) && line.version === this.#chosen.get(type)) {
      this.#inChosen.add(itemText(line));
    }
  }

  /** An item that the backup lacks in the chosen version is taken as it is, so that nothing is lost in silence. */
  takes(line: IndexLine): boolean {
    const type = groupResource(line);
    if (!this.#turned.has(type)) {
      return line.isOtherVersion !== true;
    }
    return (
      line.version === this.#chosen.get(type) ||
      (line.isOtherVersion !== true && !this.#inChosen.has(itemText(line)))
    );
  }
}
