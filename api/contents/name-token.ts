import { Failure } from '../../domain/failure.ts';

/** Tokens of lists that are in the order of names: the last name of a page. */
export function tokenFor(name: string): string {
  return Buffer.from(name).toString('base64url');
}

/** The name that a token of a list stands for. Throws `invalid-request`. */
export function tokenOf(token: string | undefined): string | undefined {
  const name = token === undefined ? undefined : Buffer.from(token, 'base64url').toString('utf8');
  if (name !== undefined && Buffer.from(name).toString('base64url') !== token) {
    throw new Failure('invalid-request', 'continue is not a token of this list; leave it out', {
      subject: 'continue',
    });
  }
  return name;
}
