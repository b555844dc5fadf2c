import { existsSync } from 'node:fs';

import { expect, test } from 'vitest';

import { anchorsOf, documentedPages, pageText } from '../support/docs/shell-blocks.ts';

// Goal: a reader who follows the documentation comes to what is there.

const ROOT = new URL('../../', import.meta.url);
const LINK = /\]\(([^)\s]+)\)/g;
const TEST_FILE = /`((?:test\/)?[a-z0-9]+(?:\/[a-z0-9-]+)*\/[a-z0-9-]+\.test\.ts)`/g;

/** What is wrong with a link of a page; undefined for one that leads somewhere, or out of the checkout. */
function faultOf(page: string, link: string): string | undefined {
  if (/^[a-z]+:/.test(link)) {
    return undefined;
  }
  const target = new URL(link, new URL(page, ROOT));
  const path = target.pathname;
  if (!existsSync(path)) {
    return `${page}: ${link} is not there`;
  }
  const anchor = decodeURIComponent(target.hash.slice(1));
  const other = path.slice(ROOT.pathname.length);
  return anchor === '' || !other.endsWith('.md') || anchorsOf(other).includes(anchor)
    ? undefined
    : `${page}: ${link} has no such heading`;
}

test('every link of a page leads to a file, and to a heading of it', () => {
  const faults = documentedPages().flatMap((page) =>
    [...pageText(page).matchAll(LINK)].map(([, link = '']) => faultOf(page, link)),
  );
  expect(faults.length).toBeGreaterThan(100);
  expect(faults.filter((fault) => fault !== undefined)).toEqual([]);
});

test('every page is linked from the README', () => {
  const links = [...pageText('README.md').matchAll(LINK)].map(([, link]) => link);
  const pages = documentedPages().filter((page) => page !== 'README.md');
  expect(pages.filter((page) => !links.includes(page))).toEqual([]);
});

test('every test that a page names is there', () => {
  const named = documentedPages().flatMap((page) =>
    [...pageText(page).matchAll(TEST_FILE)].map(([, file = '']) => file.replace(/^test\//, '')),
  );
  expect(named.length).toBeGreaterThan(30);
  expect(named.filter((file) => !existsSync(new URL(`test/${file}`, ROOT)))).toEqual([]);
});

test('every threat of the security page names a test, and says what remains', () => {
  const section = pageText('docs/security.md').split('## Threats\n')[1]?.split('\n## ')[0] ?? '';
  const rows = section.split('\n').filter((line) => /^\| (?!---|what is at stake)/.test(line));
  expect(rows.length).toBeGreaterThan(15);
  for (const row of rows) {
    const [, , , shown = '', remains = ''] = row.slice(0, -1).split(' | ');
    expect([...shown.matchAll(TEST_FILE)], row).not.toEqual([]);
    expect(remains.trim(), row).not.toBe('');
  }
});
