import { readFileSync, writeFileSync } from 'node:fs';
import { cpus, release, totalmem } from 'node:os';

/** One figure: what was measured, and how it stands to the raw work or to a target. */
export interface Result {
  readonly name: string;
  readonly value: number;
  readonly unit: string;
  /** `value` by the figure of `against`; null where there is nothing to compare with. */
  readonly ratio: number | null;
  readonly against: string;
  readonly target: string;
  readonly isMet: boolean;
}

const FILE = new URL('./results.json', import.meta.url);

/** Prints the results and writes them over those of the same names. */
export function publish(results: readonly Result[]): void {
  const names = new Set(results.map(({ name }) => name));
  const kept = earlier().filter(({ name }) => !names.has(name));
  const machine = {
    processors: cpus().length,
    model: cpus()[0]?.model ?? 'unknown',
    memoryGiB: Math.round(totalmem() / 2 ** 30),
    kernel: release(),
    node: process.version,
  };
  writeFileSync(
    FILE,
    `${JSON.stringify({ machine, results: [...kept, ...results] }, undefined, 2)}\n`,
  );
  for (const { name, value, unit, ratio, against, target, isMet } of results) {
    const compared = ratio === null ? '' : `, ${ratio.toFixed(2)} times ${against}`;
    const verdict = isMet ? 'met' : 'NOT MET';
    process.stdout.write(
      `${name}: ${value.toFixed(2)} ${unit}${compared} (target ${target}: ${verdict})\n`,
    );
  }
}

function earlier(): readonly Result[] {
  try {
    return (JSON.parse(readFileSync(FILE, 'utf8')) as { results: Result[] }).results;
  } catch {
    return [];
  }
}
