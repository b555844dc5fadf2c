import { Command } from 'commander';
import { expect, test } from 'vitest';

import { type MetadataOptions, notedBy, withMetadataFlags } from '../../cli/run-metadata.ts';

// Goal: what people note of a run by flags and by a file reaches the request.

function parsed(...args: string[]): MetadataOptions {
  const command = withMetadataFlags(new Command('create'));
  command.exitOverride().configureOutput({ writeErr: () => undefined });
  return command.parse(args, { from: 'user' }).opts();
}

test('flags give labels and annotations, and win over the file key by key', () => {
  const flags = parsed('--labels', 'team=shop, tier=web', '--annotations', 'why=a=b');
  expect(notedBy(flags, { labels: { team: 'file', site: 'east' } })).toEqual({
    labels: { team: 'shop', tier: 'web', site: 'east' },
    annotations: { why: 'a=b' },
  });
});

test('nothing is noted where nothing is given', () => {
  expect(notedBy(parsed())).toEqual({});
});

test.each(['team', '=shop', 'a=b,c'])('%s is no list of pairs', (text) => {
  expect(() => parsed('--labels', text)).toThrow(/is no pair; write key=value/);
});
