import { readdirSync, readFileSync } from 'node:fs';

const ROOT = new URL('../../../', import.meta.url);
/** A fence that opens a block for a shell, also within a list, until the fence that closes it. */
const BLOCK = /^( *)```(?:sh|bash|console|shell|zsh)\n(.*?)^\1```$/gms;
/** A block of any language, in which a line that begins with # is no heading. */
const FENCED = /^( *)```.*?^\1```$/gms;
const HEADING = /^(#+) (.*)$/gm;

/** Commands for a shell on a page of the documentation. */
export interface ShellBlock {
  /** `docs/api.md`. */
  readonly page: string;
  /** Anchors of the headings that it stands below, the outermost first. */
  readonly sections: readonly string[];
  /** Line of its first command. */
  readonly line: number;
  readonly text: string;
}

interface Heading {
  readonly level: number;
  readonly anchor: string;
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

/** What the headings of a page are linked by. */
export function anchorsOf(page: string): string[] {
  return headingsOf(pageText(page)).map(({ anchor }) => anchor);
}

/** The blocks of a page for a shell, from its top to its end. */
export function shellBlocks(page: string): ShellBlock[] {
  const text = pageText(page);
  return [...text.matchAll(BLOCK)].map(({ index, 1: margin = '', 2: lines = '' }) => ({
    page,
    sections: sectionsAtEndOf(text.slice(0, index)),
    line: text.slice(0, index).split('\n').length + 1,
    text: lines.replaceAll(new RegExp(`^${margin}`, 'gm'), ''),
  }));
}

function sectionsAtEndOf(text: string): string[] {
  const open = headingsOf(text).reduce<Heading[]>(
    (outer, heading) => [...outer.filter(({ level }) => level < heading.level), heading],
    [],
  );
  return open.map(({ anchor }) => anchor);
}

function headingsOf(text: string): Heading[] {
  return [...text.replaceAll(FENCED, '').matchAll(HEADING)].map(([, marks = '', title = '']) => ({
    level: marks.length,
    anchor: anchorOf(title),
  }));
}

/** As GitHub makes it. */
function anchorOf(title: string): string {
  return title
    .toLowerCase()
    .replaceAll(/[^\p{L}\p{N}\- _]/gu, '')
    .replaceAll(' ', '-');
}
