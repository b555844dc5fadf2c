/** A JSON text, or what is wrong with what should be one. */
export type JsonText = { readonly json: string } | { readonly fault: string };

const WORDS = new Set(['null', 'true', 'false']);
const NUMBER = /^-?(0|[1-9]\d*)(\.\d+)?([eE][-+]?\d+)?$/;
/** What Go's ParseFloat takes for a number and JSON has no way to write. */
const NO_JSON_NUMBER =
  /^[-+]?(inf|infinity|nan|0x[\da-f_]+(\.[\da-f_]*)?(p[-+]?\d+)?|(\d+\.?\d*|\.\d+)(e[-+]?\d+)?)$/i;
const KEEP_AS_TEXT = String.raw`in quotes inside of quotes, '"…"', if it is text`;

/**
 * The JSON text of a value of Velero's JSON patches, whose type its looks decide (json_patch.go): quotes make it text,
 * `null`, booleans, numbers and what begins with a brace or a bracket are what JSON has for them, and all else is text.
 */
export function patchValueJson(value: string): JsonText {
  if (value.startsWith('"') && value.endsWith('"')) {
    return quoted(value.slice(1, -1));
  }
  if (WORDS.has(value) || NUMBER.test(value)) {
    return { json: value };
  }
  if (value.startsWith('{') || value.startsWith('[')) {
    return checked(value, `is not JSON; write it ${KEEP_AS_TEXT}`);
  }
  if (/^(true|false)$/i.test(value)) {
    return { fault: `is no boolean of JSON; write it in small letters, or ${KEEP_AS_TEXT}` };
  }
  return NO_JSON_NUMBER.test(value)
    ? { fault: `is a number that JSON does not have; write it as JSON does, or ${KEEP_AS_TEXT}` }
    : quoted(value);
}

/** Text between the quotes of JSON, as Velero puts texts there: a backslash begins an escape sequence. */
export function quoted(text: string): JsonText {
  return checked(
    `"${text}"`,
    String.raw`has a character that must be written as in JSON: \" for a quote, \\ for a backslash, \n for a new line`,
  );
}

function checked(json: string, fault: string): JsonText {
  try {
    JSON.parse(json);
    return { json };
  } catch {
    return { fault };
  }
}
