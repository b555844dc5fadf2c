import { Failure } from './failure.ts';

/** Longest DNS label (RFC 1123), in characters. */
export const LABEL_LENGTH_MAX = 63;

/** Holdfast's own namespace, where no other is configured. */
export const DEFAULT_NAMESPACE = 'holdfast';

const DNS_LABEL = /^[a-z0-9]([-a-z0-9]*[a-z0-9])?$/;

export function isDnsLabel(text: string): boolean {
  return text.length <= LABEL_LENGTH_MAX && DNS_LABEL.test(text);
}

/** Checks the name of a location, cluster or namespace. Throws `invalid-name`. */
export function requireDnsLabel(text: string, field: string): void {
  if (!isDnsLabel(text)) {
    throw new Failure(
      'invalid-name',
      `${field} must be lower-case letters, digits and "-", beginning and ending with a letter or digit, ` +
        `and at most ${String(LABEL_LENGTH_MAX)} characters long`,
      { subject: field },
    );
  }
}
