import { expect, test } from 'vitest';

import { withoutSecretValues } from '../../../activities/restore/secret-words.ts';

// Goal: whoever quotes a Secret in any of its forms is told on without its values, and with all else.

const base64 = (text: string): string => Buffer.from(text).toString('base64');

function said(text: string, fields: object, annotations: Record<string, string> = {}): string {
  const secret = {
    ...{ apiVersion: 'v1', kind: 'Secret' },
    ...{ metadata: { name: 'db-login', annotations }, ...fields },
  };
  return withoutSecretValues(text, [secret]);
}

const DATA = { data: { password: base64('hunter2-and-more') } };

test.each([
  ['as it is', 'password hunter2-and-more is weak', 'password *** is weak'],
  ['in base64', `data ${base64('hunter2-and-more')} is weak`, 'data *** is weak'],
])('a value %s', (_what, text, shown) => {
  expect(said(text, DATA)).toBe(shown);
});

test.each([
  ['of stringData', 'pass word', 'got "pass word" for key', 'got "***" for key'],
  ['of stringData in base64', 'pass word', `got ${base64('pass word')}`, 'got ***'],
])('a value %s', (_what, ...[value, text, shown]) => {
  expect(said(text, { stringData: { key: value } })).toBe(shown);
});

test.each([
  [['say "hi"\nagain'], 'got "say \\"hi\\"\\nagain"', 'got "***"'],
  [['first line of it\nsecond'], 'bad line: first line of it', 'bad line: ***'],
  [['abcd', 'abcdefgh'], 'abcdefgh and abcd', '*** and ***'],
  [['1', '2'], 'replicas 12 of 3 in 1 zone2', 'replicas 12 of 3 in *** zone2'],
  [['a.c*', '.c'], 'is a.c* or .c or xc', 'is *** or *** or xc'],
  [[''], 'nothing here', 'nothing here'],
])('of values %j in data', (values, text, shown) => {
  const data = Object.fromEntries(values.map((value, key) => [String(key), base64(value)]));
  expect(said(text, { data })).toBe(shown);
});

test('names, keys and shown annotations stay, others do not', () => {
  const annotations = { 'helm.sh/hook': 'pre-install', 'example.com/copy': 'copied-value' };
  const text = 'db-login: key password, hook pre-install, copy copied-value';
  expect(said(text, DATA, annotations)).toBe('db-login: key password, hook pre-install, copy ***');
});
