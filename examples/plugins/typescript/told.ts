// What Holdfast is told of a failure is public: it goes to Temporal's histories, to the record and to whoever looks at the
// backup. What a library throws may hold anything, such as the object that it could not read; only the log gets that.

/** A failure whose words are meant for people. They must not hold what an object holds. */
export class Told extends Error {
  override readonly name = 'Told';
}

/** Characters that the contract allows for an error. */
const TEXT_MAX = 1000;

/** What may be said of a failure: its words if they were meant for it, else its kind. The log has all of it. */
export function publicText(error: unknown): string {
  if (error instanceof Told) {
    return error.message.slice(0, TEXT_MAX);
  }
  console.error(error);
  return `${kindOf(error)}; see the log of the plugin`;
}

/** Name of its class. */
export function kindOf(error: unknown): string {
  return error instanceof Error ? error.name : 'Error';
}
