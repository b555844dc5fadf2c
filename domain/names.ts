import { Failure } from './failure.ts';

/** Longest name of a new run, in characters: leaves room for the suffixes of stored files and workflow ids. */
export const RUN_NAME_LENGTH_MAX = 100;
/** Longest DNS label (RFC 1123), in characters. */
export const LABEL_LENGTH_MAX = 63;

const DNS_LABEL = /^[a-z0-9]([-a-z0-9]*[a-z0-9])?$/;
const DNS_SUBDOMAIN = /^[a-z0-9]([-a-z0-9]*[a-z0-9])?(\.[a-z0-9]([-a-z0-9]*[a-z0-9])?)*$/;

export function isDnsLabel(text: string): boolean {
  return text.length <= LABEL_LENGTH_MAX && DNS_LABEL.test(text);
}

export function isRunName(text: string): boolean {
  return text.length <= RUN_NAME_LENGTH_MAX && DNS_SUBDOMAIN.test(text);
}

/** Checks the name of a new backup or restore. Throws `invalid-name`. */
export function requireRunName(text: string, field: string): void {
  if (!isRunName(text)) {
    throw new Failure(
      'invalid-name',
      `${field} must be lower-case letters, digits, "-" and ".", beginning and ending with a letter or digit, ` +
        `and at most ${String(RUN_NAME_LENGTH_MAX)} characters long`,
      { subject: field },
    );
  }
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
