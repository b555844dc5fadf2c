import { readFileSync } from 'node:fs';

import type { TSchema } from 'typebox';
import { expect, test } from 'vitest';

import {
  DescribePluginSchema,
  ItemsAnswerSchema,
  ItemsCallSchema,
  OperationsAnswerSchema,
  OperationsCallSchema,
  PluginDescriptionSchema,
} from '../../domain/plugins/contract.ts';
import {
  ANSWER_BYTES_MAX,
  ITEMS_PER_CALL,
  OPERATIONS_PER_CALL,
  PLUGIN_ACTIVITIES,
} from '../../domain/plugins/contract-v1.ts';
import { schemaFault } from '../../domain/plugins/read-answer.ts';
import { SEAL } from '../../domain/sealed.ts';

// Goal: what docs/plugins.md tells authors is what the code expects. Method: the examples of each activity are checked by the
// schemas, and numbers and names by the constants.

const DOCUMENT = readFileSync(new URL('../../docs/plugins.md', import.meta.url), 'utf8');

/** What the examples of each activity are, in their order. */
const EXAMPLES: Readonly<Record<(typeof PLUGIN_ACTIVITIES)[number], readonly TSchema[]>> = {
  describePlugin: [DescribePluginSchema, PluginDescriptionSchema],
  backupItems: [ItemsCallSchema, ItemsAnswerSchema, ItemsAnswerSchema],
  restoreItems: [ItemsCallSchema, ItemsAnswerSchema],
  operationStatus: [OperationsCallSchema, OperationsAnswerSchema],
  cancelOperation: [OperationsCallSchema],
  deleteBackup: [OperationsCallSchema],
};

function section(heading: string): string {
  return DOCUMENT.split(`\n### ${heading}\n`)[1]?.split('\n### ')[0] ?? '';
}

test.each(PLUGIN_ACTIVITIES)('the examples of %s follow the contract', (name) => {
  const blocks = [...section(`\`${name}\``).matchAll(/```json\n([^`]+)\n```/g)];
  const schemas = EXAMPLES[name];
  expect(blocks).toHaveLength(schemas.length);
  for (const [index, [, text = '']] of blocks.entries()) {
    expect(schemaFault(schemas[index] ?? {}, JSON.parse(text)), text).toBeUndefined();
  }
});

test('the seal is described with its own sizes and words', () => {
  const text = section('Sealed answers');
  expect(text).toContain(`\`${SEAL.info}\``);
  expect(text).toContain(`Derive ${String(SEAL.keyBytes + SEAL.vectorBytes)} bytes`);
  expect(text).toContain(`in DER, ${String(SEAL.publicKeyBytes)} bytes`);
  expect(text).toContain(`the tag has ${String(SEAL.tagBytes)} bytes`);
});

test('the limits are those of the contract', () => {
  const text = section('Limits');
  expect(text).toContain(`| items of one call | ${String(ITEMS_PER_CALL)} |`);
  expect(text).toContain(`| operations of one call | ${String(OPERATIONS_PER_CALL)} |`);
  expect(text).toContain(`${String(ANSWER_BYTES_MAX / 1024)} KiB`);
});
