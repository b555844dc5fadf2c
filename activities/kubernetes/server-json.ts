/** What Go's encoder of JSON escapes inside of strings, and JavaScript's does not. */
const GO_ESCAPES = /[<>&\u2028\u2029]/g;

/**
 * JSON as the API server itself writes it. It keeps some fields, such as `data` of a ControllerRevision, as the bytes that
 * came, writes them anew at each patch, and then takes other bytes for another value of a field that may not change.
 */
export function serverJson(value: unknown): string {
  // These characters are in strings only, where an escape stands for the same.
  return JSON.stringify(value).replace(
    GO_ESCAPES,
    (character) => `\\u${character.charCodeAt(0).toString(16).padStart(4, '0')}`,
  );
}
