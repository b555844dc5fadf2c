const UNITS = ['B', 'KiB', 'MiB', 'GiB'] as const;
const UNIT_STEP = 1024;

/** `317 B`, `1.2 KiB`. */
export function sizeText(sizeBytes: number): string {
  const exponent = UNITS.findLastIndex((_, index) => sizeBytes >= UNIT_STEP ** index);
  const unit = Math.max(0, exponent);
  const digits = unit === 0 ? 0 : 1;
  return `${(sizeBytes / UNIT_STEP ** unit).toFixed(digits)} ${UNITS[unit] ?? ''}`;
}
