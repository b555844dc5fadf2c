import { execFileSync } from 'node:child_process';
import { readFileSync } from 'node:fs';
import { fileURLToPath } from 'node:url';

import { expect, test } from 'vitest';

import { COVERAGE_REASONS } from '../../domain/coverage.ts';
import { LOCATION_CHECKS } from '../../domain/location-check.ts';
import { FAILURE_CODES, FAILURE_TYPES } from '../../domain/failure.ts';
import { RELEASE } from '../../domain/release.ts';
import { EXIT } from '../../cli/exit-codes.ts';

// Goal: what the documents say is what the code does, and files stay small.

const ROOT = new URL('../../', import.meta.url);
const CODE = /^(domain|workflows|activities|storage|api|worker|cli)\/.*\.ts$/;

function read(file: string): string {
  return readFileSync(new URL(file, ROOT), 'utf8');
}

function trackedFiles(): string[] {
  const options = { cwd: fileURLToPath(ROOT) };
  return execFileSync('git', ['ls-files', '-co', '--exclude-standard'], options)
    .toString()
    .trim()
    .split('\n');
}

/** First cells of the rows of a table that begin with a code word. */
function tableWords(document: string, heading: string): string[] {
  const section = read(document).split(`## ${heading}\n`)[1]?.split('\n## ')[0] ?? '';
  return [...section.matchAll(/^\| `([^`]+)` \|/gm)].map((match) => match[1] ?? '').sort();
}

test('coverage.md has a row for each reason, and says which are gaps', () => {
  const rows = [...read('docs/coverage.md').matchAll(/^\| `([a-z-]+)` \| (yes|no) \|/gm)];
  expect(rows.map(([, reason, gap]) => [reason, gap === 'yes'])).toEqual(
    Object.entries(COVERAGE_REASONS).map(([reason, { isGap }]) => [reason, isGap]),
  );
});

test('operations.md has a row for each failure type and for each code', () => {
  expect(tableWords('docs/operations.md', 'Failure types')).toEqual(
    Object.keys(FAILURE_TYPES).sort(),
  );
  expect(tableWords('docs/operations.md', 'Failure codes')).toEqual(
    Object.keys(FAILURE_CODES).sort(),
  );
});

test('operations.md has a row for each check of a location, and says what it is worth', () => {
  const section = read('docs/operations.md').split('## Checking a location\n')[1] ?? '';
  const rows = [...(section.split('\n## ')[0] ?? '').matchAll(/^\| (`.+?`) \|.*\| (.*?) \|$/gm)];
  const told = rows.flatMap(([, names = '', worth = '']) =>
    [...names.matchAll(/`([a-z-]+)`/g)].map(([, name]) => [name, worth]),
  );
  expect(told.map(([name]) => name).sort()).toEqual(Object.keys(LOCATION_CHECKS).sort());
  for (const [name = '', worth = ''] of told) {
    if (!worth.startsWith('as `if-none-match`')) {
      expect(worth, name).toContain(
        `\`${new Map<string, string>(Object.entries(LOCATION_CHECKS)).get(name) ?? ''}\``,
      );
    }
  }
});

test('cli.md has a row for each exit status', () => {
  const rows = tableWords('docs/cli.md', 'Exit status');
  expect(rows).toEqual(Object.values(EXIT).map(String).sort());
});

test('README names only targets that the Makefile has', () => {
  const targets = new Set(
    [...`${read('Makefile')}${read('test/testbed/testbed.mk')}`.matchAll(/^([a-z-]+):/gm)].map(
      (match) => match[1],
    ),
  );
  const named = [...read('README.md').matchAll(/`make ([a-z-]+)/g)].map((match) => match[1]);
  expect(named.length).toBeGreaterThan(3);
  expect(named.filter((target) => !targets.has(target))).toEqual([]);
});

test('the version that API and command line tell is the version of the package', () => {
  const { version } = JSON.parse(read('package.json')) as { version: string };
  expect(RELEASE).toBe(version);
});

test('the committed OpenAPI document is what the routes make', () => {
  const made = execFileSync(process.execPath, ['api/openapi-main.ts'], {
    cwd: fileURLToPath(ROOT),
  });
  expect(JSON.parse(read('api/openapi.json'))).toEqual(JSON.parse(made.toString()));
});

test('source files are small: half of them at most 100 lines, nine of ten at most 250', () => {
  const sizes = trackedFiles()
    .filter((file) => CODE.test(file))
    .map((file) => read(file).split('\n').length)
    .sort((left, right) => left - right);
  const at = (share: number): number => sizes[Math.floor(sizes.length * share)] ?? 0;
  expect(at(0.5)).toBeLessThanOrEqual(100);
  expect(at(0.9)).toBeLessThanOrEqual(250);
});

test('the lock file names no place that packages came from', () => {
  expect(read('package-lock.json')).not.toContain('"resolved"');
});
