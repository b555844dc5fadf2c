import { readdirSync, readFileSync } from 'node:fs';

import { Value } from 'typebox/value';
import { expect, test } from 'vitest';

import { SETTINGS, type Setting, settingOf } from '../../domain/settings.ts';

// Goal: what can be set is known in one place. Method: the sources and the documentation are searched for variables.

const ROOT = new URL('../../', import.meta.url);
const FOLDERS = ['api', 'worker', 'activities', 'storage', 'domain', 'workflows'];
/** Of processes that one of ours starts, and says it to. */
const INNER = ['HOLDFAST_COPY', 'HOLDFAST_GATES'];

const ALL: readonly (readonly [string, Setting])[] = Object.entries(SETTINGS);

function sourcesOf(folder: string): string[] {
  return readdirSync(new URL(`${folder}/`, ROOT), { recursive: true, encoding: 'utf8' })
    .filter((name) => name.endsWith('.ts') && `${folder}/${name}` !== 'domain/settings.ts')
    .map((name) => readFileSync(new URL(`${folder}/${name}`, ROOT), 'utf8'));
}

test('every variable that a process of the server reads is a setting, and every setting is read', () => {
  const read = FOLDERS.flatMap(sourcesOf).flatMap((source) =>
    [...source.matchAll(/'(HOLDFAST_[A-Z_]+)'/g)].map(([, name = '']) => name),
  );
  const names = [...new Set(read)].filter((name) => !INNER.includes(name));
  expect(names.sort()).toEqual(ALL.map(([name]) => name).sort());
});

test('operations.md tells of every setting, and of no other', () => {
  const section = readFileSync(new URL('docs/operations.md', ROOT), 'utf8')
    .split('## Configuration\n')[1]
    ?.split('\n### ')[0];
  const rows = (section ?? '').split('\n').filter((line) => line.startsWith('| `HOLDFAST_'));
  const told = rows.flatMap((row) =>
    [...row.matchAll(/`(HOLDFAST_[A-Z_]+)`/g)].map(([, name = '']) => name),
  );
  expect([...new Set(told)].sort()).toEqual(ALL.map(([name]) => name).sort());
});

test('what stands for a setting that is left out has its shape', () => {
  for (const [name, { schema, default: text }] of ALL) {
    if (text !== undefined) {
      const shape = (schema as { type?: string }).type;
      expect(Value.Check(schema, valueOf(text, shape)), name).toBe(true);
    }
  }
  expect(settingOf({}, 'HOLDFAST_DRAIN')).toBe('5s');
  expect(settingOf({ HOLDFAST_DRAIN: '0s' }, 'HOLDFAST_DRAIN')).toBe('0s');
});

function valueOf(text: string, shape: string | undefined): unknown {
  switch (shape) {
    case 'integer':
      return Number(text);
    case 'boolean':
      return text === 'true';
    case 'array':
      return text.split(',');
    default:
      return text;
  }
}
