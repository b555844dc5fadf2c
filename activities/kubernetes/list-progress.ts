import { Failure } from '../../domain/failure.ts';
import { groupResource, type KubernetesObject, type ListedObject } from '../../domain/item.ts';
import { inconsistentToken } from './errors.ts';
import { itemTexts } from './item-texts.ts';
import { resourcePath } from './paths.ts';
import type { ListOptions, ListScope } from './port.ts';
import { type ApiAnswer, type ApiRequest, TOO_LARGE_STATUS } from './transport.ts';

/** Objects per page of a listing, as kubectl and Velero ask for. */
export const PAGE_SIZE = 500;
/** Characters that the next page should have at most, going by the last one. */
const PAGE_LENGTH_MAX = 4 * 1024 * 1024;
/**
 * Bytes that a page may have: objects may be as large as etcd takes, and a page of such ones follows small ones without
 * a sign. A larger page is given up, and asked for again with fewer objects.
 */
const PAGE_BYTES_MAX = 12 * 1024 * 1024;
const PAGE_SHRINK = 8;

interface List {
  readonly metadata?: { readonly continue?: string; readonly remainingItemCount?: number };
  readonly items?: readonly KubernetesObject[];
}

/** Reads a list of any type. */
export function parseList(text: string): List {
  // Every field of the interface is optional, and the server speaks JSON.
  return JSON.parse(text) as List;
}

/** The request for objects of a scope. */
export function listRequest(
  { type, namespace }: ListScope,
  query: string,
  verb: string,
): ApiRequest {
  const place = namespace === '' ? '' : ` of namespace ${namespace}`;
  return {
    method: 'GET',
    path: `${resourcePath(type, namespace)}?${query}`,
    action: `${verb} ${groupResource(type)}${place}`,
    subject: groupResource(type),
  };
}

/** One listing: which page comes next, how large it may be, and whether all that was counted came. */
export class ListProgress {
  readonly #scope: ListScope;
  readonly #options: ListOptions;
  #token: string | undefined = '';
  #limit: number;
  #listed = 0;
  /** What the server counted with the first page; undefined where it does not count. */
  #counted: number | undefined;

  constructor(scope: ListScope, options: ListOptions) {
    this.#scope = scope;
    this.#options = options;
    this.#limit = this.#pageSize;
  }

  get #pageSize(): number {
    return this.#options.pageSize ?? PAGE_SIZE;
  }

  get isOver(): boolean {
    return this.#token === undefined;
  }

  /** The request for the next page. */
  get request(): ApiRequest {
    const next = this.#token === '' ? '' : `&continue=${encodeURIComponent(this.#token ?? '')}`;
    const { labelSelector } = this.#scope;
    const selector =
      labelSelector === undefined ? '' : `&labelSelector=${encodeURIComponent(labelSelector)}`;
    const query = `limit=${String(this.#limit)}${selector}${next}`;
    return {
      ...listRequest(this.#scope, query, 'list'),
      signal: this.#options.signal,
      // One object has to be taken however large it is.
      ...(this.#limit === 1 ? {} : { bodyBytesMax: PAGE_BYTES_MAX }),
    };
  }

  /** Whether the listing goes on with another request instead of this answer. */
  adapt(answer: ApiAnswer): boolean {
    if (answer.ok) {
      return false;
    }
    if (answer.status === TOO_LARGE_STATUS && this.#limit > 1) {
      this.#limit = Math.max(1, Math.floor(this.#limit / PAGE_SHRINK));
      return true;
    }
    const isExpired = answer.status === 410 && this.#options.isMixedAllowed;
    const token = isExpired ? inconsistentToken(answer) : undefined;
    if (token === undefined) {
      return false;
    }
    this.#token = token;
    this.#counted = undefined;
    this.#options.onDoubt?.('mixed');
    return true;
  }

  /** The objects of a page. */
  take(text: string): readonly ListedObject[] {
    const { items = [], metadata } = parseList(text);
    if (this.#listed === 0 && metadata?.remainingItemCount !== undefined) {
      this.#counted = items.length + metadata.remainingItemCount;
    }
    this.#listed += items.length;
    this.#token = metadata?.continue === '' ? undefined : metadata?.continue;
    const fitting = Math.floor((PAGE_LENGTH_MAX * Math.max(1, items.length)) / text.length);
    this.#limit = Math.max(1, Math.min(this.#pageSize, fitting));
    const texts = itemTexts(text, items.length);
    return items.map((object, index) => ({
      object,
      json: texts?.[index] ?? JSON.stringify(object),
    }));
  }

  /** The server does not promise that its count is exact, so the listing is repeated before it is doubted aloud. */
  requireWhole(): void {
    if (this.#counted === undefined || this.#listed >= this.#counted) {
      return;
    }
    if (this.#options.isMixedAllowed) {
      this.#options.onDoubt?.('short');
      return;
    }
    const { action, subject } = listRequest(this.#scope, '', 'list');
    const text = `${action}: ${String(this.#listed)} of ${String(this.#counted)} objects came`;
    throw new Failure('cluster-failed', text, { subject });
  }
}
