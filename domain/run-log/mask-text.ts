import { REDACTED, redacted } from '../diagnosis/redact.ts';

/** What looks like a secret that stands behind its name, as in `PASSWORD=…` or `"token": "…"`. */
const NAMED_SECRET =
  /((?:password|passwd|pwd|secret|token|credential|api-?_?key|access-?_?key|private-?_?key)[\w-]*["']?\s*[=:]\s*)(?:"[^"]*"|'[^']*'|[^\s,;&"']+)/gi;
const PEM = /-----BEGIN ([A-Z ]*)PRIVATE KEY-----[\s\S]*?(?:-----END \1PRIVATE KEY-----|$)/g;

/** A text of others for people, without what looks like a secret. Nothing can tell a password that has no name. */
export function maskedText(text: string): string {
  // Of a text it is a text.
  return (redacted(text) as string).replace(PEM, REDACTED).replace(NAMED_SECRET, `$1${REDACTED}`);
}
