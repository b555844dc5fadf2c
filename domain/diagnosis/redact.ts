/** What stands for what is not told. */
export const REDACTED = '***';

/** Names of fields that hold what must not be told, or what users may have put such a thing into. */
const SECRET_FIELD =
  /(password|passwd|secret|token|credential|api-?key|access-?key|private-?key|authorization|^data$|^stringdata$|^command$|^stdout$|^stderr$)/i;
/** Fields that are called so, and name a thing or say where one is. */
const PLAIN_FIELD = /(Name|Namespace|Ref|resourceVersion|^continue)$/;
/** User and password of a URL, tokens of service accounts and of JWT, keys of AWS, headers of HTTP. */
const SECRET_TEXTS: readonly [RegExp, string][] = [
  [/(?<=\b[a-z][a-z0-9+.-]*:\/\/)[^/\s"'@]*@/gi, `${REDACTED}@`],
  [/\beyJ[\w-]{8,}(\.[\w-]+){1,2}/g, REDACTED],
  [/\b(AKIA|ASIA)[A-Z0-9]{16}\b/g, REDACTED],
  [/\b(bearer|basic)\s+[\w.~+/=-]{8,}/gi, `$1 ${REDACTED}`],
  [/(?<=[?&](x-amz-signature|x-amz-credential|token|password|secret)=)[^&\s"']+/gi, REDACTED],
];

/** A JSON value without what must not be told: by the names of fields, and by what texts look like. */
export function redacted(value: unknown): unknown {
  if (typeof value === 'string') {
    return SECRET_TEXTS.reduce((text, [pattern, by]) => text.replace(pattern, by), value);
  }
  if (Array.isArray(value)) {
    return value.map(redacted);
  }
  if (typeof value !== 'object' || value === null) {
    return value;
  }
  return Object.fromEntries(
    Object.entries(value).map(([key, inner]: [string, unknown]) => [
      key,
      isSecretField(key) ? masked(inner) : redacted(inner),
    ]),
  );
}

function isSecretField(key: string): boolean {
  return SECRET_FIELD.test(key) && !PLAIN_FIELD.test(key);
}

/** Every text and number inside of a value, whatever it is called there; names of things stay. */
function masked(value: unknown): unknown {
  if (typeof value === 'object' && value !== null) {
    return Array.isArray(value)
      ? value.map(masked)
      : Object.fromEntries(
          Object.entries(value).map(([key, inner]: [string, unknown]) => [
            key,
            PLAIN_FIELD.test(key) ? redacted(inner) : masked(inner),
          ]),
        );
  }
  return typeof value === 'boolean' || value === null || value === undefined ? value : REDACTED;
}
