import type { FieldError } from '../failure.ts';
import { fields } from '../fields.ts';
import { inside, StrictReader } from '../volumes/strict-reader.ts';
import {
  isCatchAll,
  type NamespacedPolicy,
  type WrittenFilter,
  type WrittenFilterPolicies,
} from './filter-policies.ts';
import type { LabelSelector } from './label-selector.ts';
import { globError, patternError } from './name-pattern.ts';
import { readLabelSelector, SELECTOR_FIELDS } from './selector-reader.ts';
import { ALL_TYPES } from './type-lists.ts';

const CODE = 'policy-not-usable';
const FILTER_FIELDS = ['kinds', 'labelSelector', 'orLabelSelectors', 'names', 'excludedNames'];

/** What was read, or all that is wrong with it. */
export type ReadFilterPolicies =
  { readonly written: WrittenFilterPolicies } | { readonly errors: readonly FieldError[] };

/**
 * Reads the sections `namespacedFilterPolicies` and `clusterScopedFilterPolicy` of Velero's resource policies from the
 * value that their YAML stands for; `pointer` is of what they are sections of.
 */
export function readFilterPolicies(
  sections: { readonly [Section in SectionName]?: unknown },
  pointer: string,
): ReadFilterPolicies {
  const reader = new PolicyReader();
  const written = {
    namespaced: reader.namespacedPolicies(
      sections.namespacedFilterPolicies ?? [],
      inside(pointer, 'namespacedFilterPolicies'),
    ),
    cluster: reader.clusterFilters(
      sections.clusterScopedFilterPolicy,
      inside(pointer, 'clusterScopedFilterPolicy'),
    ),
  };
  return reader.errors.length > 0 ? { errors: reader.errors } : { written };
}

type SectionName = 'namespacedFilterPolicies' | 'clusterScopedFilterPolicy';

class PolicyReader {
  readonly #reader = new StrictReader(CODE);

  get errors(): readonly FieldError[] {
    return this.#reader.errors;
  }

  namespacedPolicies(section: unknown, pointer: string): NamespacedPolicy<WrittenFilter>[] {
    return this.#reader.elements(section, pointer).map((policy, index) => {
      const at = inside(pointer, String(index));
      const given = this.#reader.mapping(policy, at, ['namespaces', 'resourceFilters']);
      const namespaces = this.#texts(given['namespaces'], `${at}/namespaces`, patternError);
      if (namespaces.length === 0) {
        this.#refuse(`${at}/namespaces`, 'must have at least one namespace');
      }
      const filters = this.#filters(given['resourceFilters'], `${at}/resourceFilters`);
      const catchAlls = filters.filter(
        ({ kinds, names }) => isCatchAll(kinds) && names.length === 0,
      );
      if (catchAlls.length > 1) {
        const remedy = 'has two filters without kinds and names; keep one';
        this.#refuse(`${at}/resourceFilters`, remedy);
      }
      return { namespaces, filters };
    });
  }

  clusterFilters(section: unknown, pointer: string): WrittenFilter[] {
    if (section === undefined || section === null) {
      return [];
    }
    const given = this.#reader.mapping(section, pointer, ['resourceFilters']);
    const filters = this.#filters(given['resourceFilters'], `${pointer}/resourceFilters`);
    for (const { kinds, pointer: at } of filters) {
      if (isCatchAll(kinds)) {
        this.#refuse(at, 'must name types; the others are not filtered');
      }
    }
    return filters;
  }

  #filters(value: unknown, pointer: string): WrittenFilter[] {
    const filters = this.#reader.elements(value, pointer);
    if (filters.length === 0) {
      this.#refuse(pointer, 'must have at least one filter');
    }
    return filters.map((filter, index) => this.#filter(filter, inside(pointer, String(index))));
  }

  #filter(value: unknown, pointer: string): WrittenFilter {
    const given = this.#reader.mapping(value, pointer, FILTER_FIELDS);
    const kinds = this.#texts(given['kinds'], `${pointer}/kinds`, (kind) =>
      kind.trim() === '' ? 'has an empty name; leave it out' : undefined,
    );
    if (kinds.includes(ALL_TYPES) && kinds.length > 1) {
      this.#refuse(`${pointer}/kinds`, 'has "*" beside names; use "*" alone, or names');
    }
    return {
      kinds,
      pointer: `${pointer}/kinds`,
      selectors: this.#selectors(given, pointer),
      names: this.#texts(given['names'], `${pointer}/names`, globError),
      excludedNames: this.#texts(given['excludedNames'], `${pointer}/excludedNames`, globError),
    };
  }

  #texts(value: unknown, pointer: string, faultOf: (text: string) => string | undefined): string[] {
    const texts = this.#reader.texts(value ?? [], pointer);
    for (const [index, text] of texts.entries()) {
      const fault = faultOf(text);
      if (fault !== undefined) {
        this.#refuse(inside(pointer, String(index)), fault);
      }
    }
    return texts;
  }

  #selectors(
    { labelSelector, orLabelSelectors }: Readonly<Record<string, unknown>>,
    pointer: string,
  ): LabelSelector[] {
    const at = `${pointer}/orLabelSelectors`;
    const alternatives = this.#reader
      .elements(orLabelSelectors ?? [], at)
      .map((selector, index) => this.#selector(selector, inside(at, String(index))));
    if (labelSelector === undefined || labelSelector === null) {
      return alternatives;
    }
    if (alternatives.length > 0) {
      this.#refuse(at, 'does not go with labelSelector; put that selector into the list');
    }
    return [this.#selector(labelSelector, `${pointer}/labelSelector`)];
  }

  /** A selector, or the labels alone that it should match. */
  #selector(value: unknown, pointer: string): LabelSelector {
    const isWhole = Object.keys(fields(value)).some((field) => SELECTOR_FIELDS.includes(field));
    return isWhole
      ? readLabelSelector(this.#reader, value, { pointer })
      : readLabelSelector(this.#reader, { matchLabels: value }, { pointer, labels: pointer });
  }

  /** Notes an error where there is none yet: what could not be read stands as empty. */
  #refuse(pointer: string, remedy: string): void {
    if (!this.errors.some((error) => error.pointer === pointer)) {
      this.#reader.refuse(pointer, remedy);
    }
  }
}
