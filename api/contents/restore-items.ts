import { setImmediate as letOthersRun } from 'node:timers/promises';

import {
  API_VERSION,
  type RestoreHookList,
  type RestoreResource,
} from '../../domain/api-resource.ts';
import type { RestoreItemList } from '../../domain/backup-contents.ts';
import { Failure } from '../../domain/failure.ts';
import { restoreKeys } from '../../domain/object-key.ts';
import { isEndPhase } from '../../domain/phase.ts';
import type { OutcomePart, RestoreOutcome } from '../../domain/restore/restore-outcome.ts';
import { RESTORE_VERBS } from '../../domain/restore.ts';
import type { RunKey } from '../../domain/workflow-id.ts';
import { readRestore } from '../../storage/catalogue.ts';
import { readOutcomes } from '../../storage/format/outcome-file.ts';
import type { ObjectStore } from '../../storage/object-store/port.ts';
import { RequestFailure } from '../errors.ts';
import { continueToken, placeOfToken } from './continue-token.ts';
import { itemFilter, type ItemQuery } from './item-filter.ts';
import { readRestoreHooks } from './read-hooks.ts';

/** Which items of a restore are asked for; a field that is left out does not narrow them. */
export interface RestoreItemQuery extends Omit<ItemQuery, 'labelSelector'> {
  /** Verbs, separated by commas. */
  readonly verb?: string | undefined;
}

interface RestoreItemsOptions {
  /** The store of a location. Throws `unknown-location`. */
  readonly store: (location: string) => ObjectStore;
  /** Looks at a restore wherever it is. Throws `not-found`. */
  readonly look: (key: RunKey) => Promise<RestoreResource>;
}

interface PageOptions {
  readonly limit: number;
  /** Place of the first outcome that may be in the page. */
  readonly from: number;
}

/**
 * What became of the items of ended restores. Throws `unknown-location`, `not-found`, `still-running`,
 * `being-deleted`, `object-missing` for a restore that noted nothing, `archive-mismatch`, and what stores throw.
 */
export class RestoreItems {
  readonly #options: RestoreItemsOptions;

  constructor(options: RestoreItemsOptions) {
    this.#options = options;
  }

  /** What became of the hooks of its pods; of a restore under way, of those that have ended. */
  async hooks({ location, name }: RunKey): Promise<RestoreHookList> {
    const items = await readRestoreHooks(this.#options.store(location), name);
    return { apiVersion: API_VERSION, kind: 'RestoreHookList', items };
  }

  /** One page of the items, of which only the parts that may have such items are read. */
  async items(
    key: RunKey,
    query: RestoreItemQuery & { readonly limit: number; readonly continue?: string | undefined },
  ): Promise<RestoreItemList> {
    const { type, namespace, name, verb, limit } = query;
    const store = this.#options.store(key.location);
    const outcomes = new OutcomeList(store, key.name, query);
    const { parts, version } = await this.#parts(store, key);
    const list = { version, filters: [type, namespace, name, verb] };
    const from = placeOfToken(list, query.continue);
    const { items, next } = await outcomes.page(parts, { limit, from });
    return {
      apiVersion: API_VERSION,
      kind: 'RestoreItemList',
      metadata: next === undefined ? {} : { continue: continueToken(list, next) },
      items,
    };
  }

  async #parts(
    store: ObjectStore,
    key: RunKey,
  ): Promise<{ parts: readonly OutcomePart[]; version: string }> {
    const claim = (await readRestore(store, key.name))?.claim;
    if (claim?.result === undefined) {
      const { phase } = (await this.#options.look(key)).status;
      throw isEndPhase(phase) ? notNoted(key) : notEnded(key, phase);
    }
    if (claim.itemParts === undefined) {
      throw notNoted(key);
    }
    return { parts: claim.itemParts, version: claim.runUid };
  }
}

/** The outcomes of a restore that a query asks for. */
class OutcomeList {
  readonly #store: ObjectStore;
  readonly #restore: string;
  readonly #verbs: ReadonlySet<string> | undefined;
  readonly #accepts: (outcome: RestoreOutcome) => boolean;

  constructor(store: ObjectStore, restore: string, { verb, ...names }: RestoreItemQuery) {
    const { type, namespace, name } = names;
    const { acceptsRun, acceptsItem = () => true } = itemFilter({ type, namespace, name });
    const verbs = verb === undefined ? undefined : new Set(verb.split(',').map(requireVerb));
    this.#store = store;
    this.#restore = restore;
    this.#verbs = verbs;
    this.#accepts = (outcome) =>
      verbs?.has(outcome.verb) !== false &&
      acceptsRun({ type: outcome, namespace: outcome.namespace }) &&
      acceptsItem(outcome);
  }

  async page(
    parts: readonly OutcomePart[],
    { limit, from }: PageOptions,
  ): Promise<{ items: readonly RestoreOutcome[]; next?: number }> {
    const items: RestoreOutcome[] = [];
    let first = 0;
    for (const part of parts) {
      const end = first + countOf(part);
      const outcomes = end > from && this.#mayHold(part) ? await this.#read(part) : [];
      for (const [index, outcome] of outcomes.entries()) {
        const place = first + index;
        if (place < from || !this.#accepts(outcome)) {
          continue;
        }
        if (items.length === limit) {
          return { items, next: place };
        }
        items.push(outcome);
      }
      first = end;
    }
    return { items };
  }

  async #read(part: OutcomePart): Promise<readonly RestoreOutcome[]> {
    await letOthersRun();
    return readOutcomes(this.#store, this.#restore, part);
  }

  #mayHold({ counts }: OutcomePart): boolean {
    return this.#verbs === undefined || Object.keys(counts).some((verb) => this.#verbs?.has(verb));
  }
}

function requireVerb(verb: string): string {
  if (!RESTORE_VERBS.some((known) => known === verb)) {
    const detail = `verb must be one of ${RESTORE_VERBS.join(', ')}, or several with commas between`;
    throw new RequestFailure([{ pointer: 'querystring:/verb', code: 'invalid-request', detail }]);
  }
  return verb;
}

function countOf({ counts }: OutcomePart): number {
  return Object.values(counts).reduce((sum, count) => sum + count, 0);
}

function notEnded({ name }: RunKey, phase: string): Failure {
  if (phase === 'Deleting') {
    return new Failure('being-deleted', `the restore ${name} is being deleted`);
  }
  const text = `the restore ${name} has not ended, and only then its items can be looked at; wait for its end`;
  return new Failure('still-running', text);
}

function notNoted({ name }: RunKey): Failure {
  const text = `what became of the items of the restore ${name} was not noted: it did not begin, or an earlier Holdfast made it`;
  return new Failure('object-missing', text, { subject: restoreKeys(name).items });
}
