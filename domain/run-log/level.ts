/** How grave a line is, the least first. */
export const LOG_LEVELS = ['info', 'warning', 'error'] as const;
export type LogLevel = (typeof LOG_LEVELS)[number];

/** Whether something is at least as grave as a level says. */
export function isAtLeast({ level }: { readonly level: LogLevel }, least: LogLevel): boolean {
  return LOG_LEVELS.indexOf(level) >= LOG_LEVELS.indexOf(least);
}
