/** A time in words: `90s`, `12m`, `3h`. */
export function span(ms: number): string {
  const seconds = Math.round(ms / 1000);
  if (seconds < 120) {
    return `${String(seconds)}s`;
  }
  const minutes = Math.floor(seconds / 60);
  return minutes < 120 ? `${String(minutes)}m` : `${String(Math.floor(minutes / 60))}h`;
}
