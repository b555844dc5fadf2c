import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';

import { afterEach, beforeEach, expect, test, vi } from 'vitest';

import { tokenHash } from '../../../api/access/authenticator.ts';
import { readTokens, staticTokens } from '../../../api/access/static-tokens.ts';

// Goal: a file of hashes lets those in whose tokens it has, and nobody for long whom it has lost. Method: real files.

let folder = '';
beforeEach(async () => {
  folder = await mkdtemp(join(tmpdir(), 'holdfast-tokens-'));
});
afterEach(async () => {
  vi.useRealTimers();
  await rm(folder, { recursive: true });
});

async function file(content: unknown): Promise<string> {
  const path = join(folder, 'tokens.json');
  await writeFile(path, typeof content === 'string' ? content : JSON.stringify(content));
  return path;
}

test('knows who has a token, and nobody without', async () => {
  const sha256 = tokenHash('one');
  const known = staticTokens(await file([{ username: 'ci', groups: ['robots'], sha256 }]));
  expect(await known('one')).toEqual({ username: 'ci', groups: ['robots'] });
  expect(await known(sha256)).toBeUndefined();
  expect(await known('')).toBeUndefined();
});

test('a token that is taken out of the file is soon refused', async () => {
  vi.useFakeTimers({ toFake: ['Date'] });
  const known = staticTokens(await file([{ username: 'ci', sha256: tokenHash('one') }]));
  expect(await known('one')).toEqual({ username: 'ci', groups: [] });
  await file([]);
  vi.setSystemTime(Date.now() + 6000);
  expect(await known('one')).toBeUndefined();
});

test.each<[string, unknown, string]>([
  ['no JSON', '{', 'is no file of JSON'],
  ['no list', {}, 'holds no list'],
  ['no name', [{ sha256: tokenHash('x') }], 'entry 0: "username" is a text'],
  [
    'groups of another kind',
    [{ username: 'a', groups: [1], sha256: tokenHash('x') }],
    '"groups" a list',
  ],
  ['the token itself', [{ username: 'a', sha256: 'hunter2' }], 'entry 0: "sha256" is the SHA-256'],
])('says of %s what is wrong, and not the token', async (_case, content, text) => {
  const path = await file(content);
  const failure = await readTokens(path).catch((error: unknown) => String(error));
  expect(failure).toContain(text);
  expect(failure).not.toContain('hunter2');
});

test('who calls is not told where the file is', async () => {
  const known = staticTokens(await file('{'));
  await expect(known('x')).rejects.toMatchObject({
    code: 'internal',
    message: expect.not.stringContaining(folder) as string,
  });
});
