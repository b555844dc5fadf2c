import picocolors from 'picocolors';

/** Colours are for terminals: a pipe gets plain text, also where CI is set, which the library takes for a terminal. */
const isTerminal = process.stdout.isTTY && process.stderr.isTTY;

/** Colours, or none: not in a pipe, and not with `NO_COLOR`. */
// In a pipe the field is not false but missing, and without an argument the library decides.
export const color = picocolors.createColors(isTerminal ? picocolors.isColorSupported : false);
