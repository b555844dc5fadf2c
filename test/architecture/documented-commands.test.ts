import { readFileSync } from 'node:fs';

import { expect, test } from 'vitest';

import { placeOf, RUN_BY } from '../support/docs/documented-commands.ts';
import { documentedPages, pageText, shellBlocks } from '../support/docs/shell-blocks.ts';

// Goal: no command stands in the documentation that no test runs. Method: the blocks of all pages against the table of the
// tests that walk through pages, or sections of them.

const ROOT = new URL('../../', import.meta.url);
/** The fence that opens a block, with its language, and the block to its end. */
const BLOCK = /^( *)```(\S*)\n.*?^\1```$/gms;
/** Languages of blocks that nobody puts into a shell. */
const NO_SHELL = ['json', 'yaml', 'text', 'ts'];

test('each page or section with commands has a test that runs them, and no other is said to', () => {
  const withCommands = documentedPages().flatMap(shellBlocks).map(placeOf);
  expect(Object.keys(RUN_BY).sort()).toEqual([...new Set(withCommands)].sort());
});

test('each of these tests walks through its pages and sections', () => {
  for (const [place, file] of Object.entries(RUN_BY)) {
    const walks = readFileSync(new URL(file, ROOT), 'utf8');
    expect(walks, `${place} in ${file}`).toContain(`'${place}'`);
  }
});

test('a block has a language by which commands are known', () => {
  const strange = documentedPages().flatMap((page) =>
    [...pageText(page).matchAll(BLOCK)]
      .map(([, , language = '']) => language)
      .filter((language) => language !== 'sh' && !NO_SHELL.includes(language))
      .map((language) => `${page}: ${language === '' ? 'none' : language}`),
  );
  expect(strange).toEqual([]);
});
