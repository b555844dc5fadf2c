import { LABEL_LENGTH_MAX } from '../names.ts';

/** Longest prefix of a label key: a DNS name (RFC 1123), in characters. */
const PREFIX_LENGTH_MAX = 253;

const LABEL_NAME = /^[A-Za-z0-9]([-A-Za-z0-9_.]*[A-Za-z0-9])?$/;
const DNS_NAME = /^[a-z0-9]([-a-z0-9]*[a-z0-9])?(\.[a-z0-9]([-a-z0-9]*[a-z0-9])?)*$/;

const NAME_RULE =
  'letters, digits, "-", "_" and ".", beginning and ending with a letter or digit, ' +
  `at most ${String(LABEL_LENGTH_MAX)} characters`;

/** What is wrong with the key of a label, if anything. */
export function labelKeyFault(key: string): string | undefined {
  const slash = key.indexOf('/');
  const prefix = key.slice(0, Math.max(slash, 0));
  if (slash >= 0 && (prefix.length > PREFIX_LENGTH_MAX || !DNS_NAME.test(prefix))) {
    return (
      `has the key "${key}"; before its "/" write a DNS name in lower case, ` +
      `at most ${String(PREFIX_LENGTH_MAX)} characters`
    );
  }
  return isLabelName(key.slice(slash + 1))
    ? undefined
    : `has the key "${key}"; write ${NAME_RULE}, and before it, if need be, a DNS name and "/"`;
}

/** What is wrong with the value of a label, if anything. */
export function labelValueFault(value: string): string | undefined {
  return value === '' || isLabelName(value)
    ? undefined
    : `has the value "${value}"; write nothing, or ${NAME_RULE}`;
}

function isLabelName(text: string): boolean {
  return text.length <= LABEL_LENGTH_MAX && LABEL_NAME.test(text);
}
