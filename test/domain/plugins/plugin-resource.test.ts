import { readFileSync } from 'node:fs';

import { expect, test } from 'vitest';
import { parse } from 'yaml';

import { PLUGIN_DEFINITION } from '../../../domain/plugins/plugin-resource.ts';

test('the definition in the manifests is the one that workers make', () => {
  const file = new URL('../../../deploy/kubernetes/plugin-definition.yaml', import.meta.url);
  expect(parse(readFileSync(file, 'utf8'))).toEqual(PLUGIN_DEFINITION);
});
