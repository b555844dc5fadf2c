import { hash } from 'node:crypto';

import { Failure } from '../../domain/failure.ts';
import type { ObjectVersion } from '../../storage/object-store/port.ts';

/** Characters of the hash that ties a token to its list: enough to notice a mistake. */
const TIE_LENGTH = 16;

/** What a token is a token of: a list as it is now, and what was asked of it. */
export interface TokenList {
  readonly version: ObjectVersion;
  /** Each filter that is given, in a fixed order. */
  readonly filters: readonly (string | undefined)[];
}

/** The token of the page that begins at a place in the list. */
export function continueToken(list: TokenList, place: number): string {
  return Buffer.from(`${String(place)}.${tieOf(list)}`).toString('base64url');
}

/** The place where the page of a token begins. Throws `invalid-request` for the token of another list. */
export function placeOfToken(list: TokenList, token: string | undefined): number {
  if (token === undefined) {
    return 0;
  }
  const [place = ''] = Buffer.from(token, 'base64url').toString('utf8').split('.');
  if (!/^\d{1,15}$/.test(place) || continueToken(list, Number(place)) !== token) {
    const text = 'continue is not a token of this list, or the run is another one by now';
    throw new Failure('invalid-request', `${text}; leave it out`, { subject: 'continue' });
  }
  return Number(place);
}

function tieOf({ version, filters }: TokenList): string {
  return hash('sha256', JSON.stringify([version, ...filters]), 'hex').slice(0, TIE_LENGTH);
}
