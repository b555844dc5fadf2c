import { hash } from 'node:crypto';

import { Failure } from '../../domain/failure.ts';

/** Characters of the hash that ties a token to its list: enough to notice a mistake. */
const TIE_LENGTH = 8;

/** What is asked of a list beside which page of it: place, filters and order. */
export type ListQuestion = Readonly<Record<string, string | undefined>>;

/** The token of the page that comes after a place in the list that a question asks for. */
export function tokenFor(question: ListQuestion, place: string): string {
  return Buffer.from(`${tieOf(question)}.${place}`).toString('base64url');
}

/** The place that a token stands for. Throws `invalid-request` for the token of another list. */
export function placeOf(question: ListQuestion, token: string | undefined): string | undefined {
  if (token === undefined) {
    return undefined;
  }
  const text = Buffer.from(token, 'base64url').toString('utf8');
  const place = text.slice(TIE_LENGTH + 1);
  if (tokenFor(question, place) !== token) {
    const why = 'continue is not a token of this list, or location, filters or order were others';
    throw new Failure('invalid-request', `${why}; leave it out`, { subject: 'continue' });
  }
  return place;
}

function tieOf(question: ListQuestion): string {
  const asked = Object.entries(question).filter(([, value]) => value !== undefined);
  return hash('sha256', JSON.stringify(asked.sort()), 'hex').slice(0, TIE_LENGTH);
}
