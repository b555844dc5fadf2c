/** Throws when a thing that the code takes for granted does not hold: a bug, not a failure of the world. */
export function assert(condition: boolean, message: string): asserts condition {
  if (!condition) {
    throw new Error(`assertion failed: ${message}`);
  }
}

/** The compiler's proof that every case was handled. */
export function assertNever(value: never): never {
  throw new Error(`assertion failed: unhandled case ${JSON.stringify(value)}`);
}
