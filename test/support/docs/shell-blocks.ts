import { readdirSync, readFileSync } from 'node:fs';

const ROOT = new URL('../../../', import.meta.url);
/** A fence that opens a block for a shell, also within a list, until the fence that closes it. */
const BLOCK = /^( *)```(?:sh|bash|console|shell|zsh)\n(.*?)^\1```$/gms;

/** Commands for a shell on a page of the documentation. */
export interface ShellBlock {
  /** `docs/api.md`. */
  readonly page: string;
  /** Line of its first command. */
  readonly line: number;
  readonly text: string;
}

/** The README and the pages of `docs/`. */
export function documentedPages(): string[] {
  const pages = readdirSync(new URL('docs/', ROOT)).filter((name) => name.endsWith('.md'));
  return ['README.md', ...pages.sort().map((name) => `docs/${name}`)];
}

/** The text of a page. */
export function pageText(page: string): string {
  return readFileSync(new URL(page, ROOT), 'utf8');
}

/** The blocks of a page for a shell, from its top to its end. */
export function shellBlocks(page: string): ShellBlock[] {
  const text = pageText(page);
  return [...text.matchAll(BLOCK)].map(({ index, 1: margin = '', 2: lines = '' }) => ({
    page,
    line: text.slice(0, index).split('\n').length + 1,
    text: lines.replaceAll(new RegExp(`^${margin}`, 'gm'), ''),
  }));
}
