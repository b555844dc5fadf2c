import { expect, it } from 'vitest';

import committed from '../../../docs/plugin-contract-v1.json' with { type: 'json' };
import { pluginContract } from '../../../domain/plugins/contract-document.ts';

it('publishes the schemas of the contract as they are', () => {
  expect(committed).toEqual(JSON.parse(JSON.stringify(pluginContract())));
});

it('refers only to schemas that are there', () => {
  const text = JSON.stringify(committed);
  const names = [...text.matchAll(/#\/\$defs\/(\w+)/g)].map(([, name]) => name ?? '');
  expect(names.length).toBeGreaterThan(8);
  for (const name of names) {
    expect(committed.$defs).toHaveProperty(name);
  }
});
