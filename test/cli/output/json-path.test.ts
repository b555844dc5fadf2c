import { expect, test } from 'vitest';

import { parseJsonPath } from '../../../cli/output/json-path.ts';

// Goal: what people type for kubectl works, and what does not is told. Method: a list as the API sends it.

const LIST = {
  kind: 'BackupList',
  items: [
    {
      metadata: { name: 'first', labels: { 'app.kubernetes.io/name': 'shop' } },
      spec: { includedNamespaces: ['shop', 'till'] },
      status: { phase: 'Completed', errors: 0 },
    },
    { metadata: { name: 'second' }, status: { phase: 'Failed', errors: 2 } },
    { metadata: { name: 'third' }, status: { phase: 'Failed', errors: 0 } },
  ],
};

test.each([
  ['{.kind}', 'BackupList'],
  ['.kind', 'BackupList'],
  ['kind', 'BackupList'],
  ['{$.kind}', 'BackupList'],
  ['{.items[*].metadata.name}', 'first second third'],
  ['{.items[0].metadata.name}', 'first'],
  ['{.items[-1].metadata.name}', 'third'],
  ['{.items[-2].metadata.name}', 'second'],
  ['{.items[1:].metadata.name}', 'second third'],
  ['{.items[0:2].metadata.name}', 'first second'],
  ['{.items[*].status.errors}', '0 2 0'],
  ['{.items[0].spec.includedNamespaces}', '["shop","till"]'],
  ['{.items[0].spec.includedNamespaces[*]}', 'shop till'],
  [String.raw`{.items[*].metadata.labels.app\.kubernetes\.io/name}`, 'shop'],
  ["{.items[0]['metadata'].labels['app.kubernetes.io/name']}", 'shop'],
  ['{.items[?(@.status.phase=="Failed")].metadata.name}', 'second third'],
  ['{.items[?(@.status.phase != "Failed")].metadata.name}', 'first'],
  ['{.items[?(@.status.errors==2)].metadata.name}', 'second'],
  [String.raw`{.items[0].metadata.name}{"\t"}{.items[0].status.phase}{"\n"}`, 'first\tCompleted\n'],
  ['name: {.items[0].metadata.name}, done', 'name: first, done'],
  ['{.items[0].metadata.*}', 'first {"app.kubernetes.io/name":"shop"}'],
  ['{.nothing.at.all}', ''],
  ['{.constructor}', ''],
])('%s gives what kubectl gives', (template, printed) => {
  expect(parseJsonPath(template).print(LIST)).toBe(printed);
});

test.each([
  ['', /a path is missing/],
  ['{}', /nothing between the braces/],
  ['{.a', /a brace is not closed/],
  ['a}{.b}', /a brace is not closed, or not opened/],
  ['{range .items[*]}{.metadata.name}{end}', /range is not known here; use \[\*\]/],
  ['{..name}', /a search at any depth is not known here: \.\.name/],
  ['{.items[}', /it is no path: \[/],
  ['{.items[?(@.a=~"x")]}', /it is no path: \[\?/],
])('%s is refused with its reason', (template, reason) => {
  expect(() => parseJsonPath(template)).toThrow(reason);
});
