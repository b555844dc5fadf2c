import { expect, test } from 'vitest';

import { openScreen } from '../../cli/screen.ts';
import type { RunVolume } from '../../domain/api-resource.ts';

// Goal: who waits sees each volume that is moved, on a terminal and in a log. Method: a paper that a small terminal
// reads: it knows the three controls that are used.

const MIB = 1024 * 1024;
const DATA: RunVolume = {
  ...{ name: 'shop/data', state: 'Moving', phase: 'Copying', node: 'node-a' },
  ...{ bytesDone: 45 * MIB, bytesTotal: 100 * MIB, bytesPerSecond: 5 * MIB, etaSeconds: 11 },
};
const FAILING: RunVolume = {
  ...{ name: 'shop/web cache', state: 'Moving', node: 'node-b' },
  waitingFor: {
    reason: 'the step copyVolume failed and is tried again',
    failure: { code: 'location-unreachable', message: 'the location does not answer' },
  },
};

const TOKENS = new RegExp(String.raw`\x1b\[(?:\d+A|J)|\r|\n|[^\x1b\r\n]+`, 'g');

/** What is to be seen after everything that was written. */
function terminal(written: string): string[] {
  const lines = [''];
  let row = 0;
  for (const [token] of written.matchAll(TOKENS)) {
    if (token === '\n') {
      row += 1;
      lines[row] ??= '';
    } else if (token.endsWith('A') && token.startsWith('\u001b')) {
      row -= Number(token.slice(2, -1));
    } else if (token === '\u001b[J') {
      lines.splice(row, Infinity, '');
    } else if (token !== '\r') {
      lines[row] = token;
    }
  }
  return lines;
}

function paper(isTTY: boolean, columns = 120) {
  let text = '';
  const write = (more: string): void => {
    text += more;
  };
  return { isTTY, columns, write, text: () => text };
}

test('on a terminal each volume has a bar, in the place where the one before was', () => {
  const sheet = paper(true);
  const screen = openScreen(sheet);
  screen.show('backup b: InProgress', [DATA, FAILING]);
  expect(terminal(sheet.text())).toEqual([
    'backup b: InProgress',
    'shop/data        [#########...........]   45 %   5.0 MiB/s   11s left   node-a   Copying',
    'shop/web cache   [....................]                                 node-b   the location does not answer',
  ]);
  screen.show('backup b: InProgress', [{ ...DATA, bytesDone: 90 * MIB, etaSeconds: 2 }]);
  expect(terminal(sheet.text())).toEqual([
    'backup b: InProgress',
    'shop/data   [##################..]   90 %   5.0 MiB/s   2s left   node-a   Copying',
  ]);
  screen.show('backup b: Completed');
  screen.end();
  expect(terminal(sheet.text())).toEqual(['backup b: Completed', '']);
});

test('a volume that waits says for what and since when', () => {
  const sheet = paper(true, 200);
  const since = '2026-01-01T10:02:03.456Z';
  const waitingFor = { reason: 'the storage location does not answer', since };
  openScreen(sheet).show('backup b: InProgress', [{ ...DATA, waitingFor }]);
  expect(terminal(sheet.text())[1]).toMatch(
    /node-a {3}since 10:02:03 UTC: the storage location does not answer$/,
  );
});

test('no line is longer than the terminal, and of many volumes some are counted', () => {
  const sheet = paper(true, 40);
  const volumes = Array.from({ length: 11 }, (_, index) => ({ ...DATA, name: String(index) }));
  openScreen(sheet).show('backup b: InProgress, and many words that no terminal holds', volumes);
  const lines = terminal(sheet.text());
  expect(lines).toHaveLength(10);
  expect(lines.at(-1)).toBe('and 3 more');
  expect(Math.max(...lines.map(({ length }) => length))).toBe(39);
});

test('elsewhere there is a line when something else happens, and none when only numbers change', () => {
  const sheet = paper(false);
  const screen = openScreen(sheet);
  screen.show('backup b: InProgress, volumes, 1s', [DATA]);
  screen.show('backup b: InProgress, volumes, 2s', [{ ...DATA, bytesDone: 50 * MIB }]);
  screen.show('backup b: InProgress, volumes, 3s', [{ ...DATA, phase: 'ReadingBack' }]);
  expect(sheet.text().split('\n')).toEqual([
    'backup b: InProgress, volumes, 1s',
    '  shop/data: Copying, 45 % of 100.0 MiB, 5.0 MiB/s, 11s left, node-a',
    'backup b: InProgress, volumes, 3s',
    '  shop/data: ReadingBack, 45 % of 100.0 MiB, 5.0 MiB/s, 11s left, node-a',
    '',
  ]);
});
