import { expect, test } from 'vitest';

import type { BackupSpec } from '../../domain/backup.ts';
import type { RestoreSpec } from '../../domain/restore.ts';
import {
  type AskedRun,
  deletionDetails,
  partDetails,
  runDetails,
  scheduleDetails,
} from '../../domain/run-details.ts';

const BACKUP: BackupSpec = {
  cluster: 'east',
  includedNamespaces: ['*'],
  excludedNamespaces: [],
  ttl: '720h0m0s',
};
const RESTORE: RestoreSpec = {
  cluster: 'west',
  backupName: 'first',
  includedNamespaces: ['shop', 'team-*'],
  excludedNamespaces: ['team-a'],
  includedResources: ['deployments.apps'],
  labelSelector: { matchLabels: { app: 'shop' } },
  namespaceMapping: { shop: 'shop-copy' },
  existingResourcePolicy: 'update',
};
const RUN = { kind: 'Backup', location: 'default', name: 'first', spec: BACKUP } as const;

test('the details of a backup say what it takes, who asked for it, and where the API shows it', () => {
  const details = runDetails({
    ...RUN,
    ...{ by: 'jane', publicUrl: 'https://holdfast.example.com' },
  });
  expect(details).toBe(`Backup \`first\` in location \`default\`

- Cluster: \`east\`
- Takes: all namespaces
- Kept for: \`720h0m0s\`
- Waits for plugins for: \`4h0m0s\`
- Asked for by: \`jane\`
- In Holdfast: [/api/v1/backups/first?location=default](https://holdfast.example.com/api/v1/backups/first?location=default)`);
});

test('the details of a restore say from what, what, and whereto', () => {
  expect(runDetails({ ...RUN, kind: 'Restore', spec: RESTORE })).toBe(
    `Restore \`first\` in location \`default\`

- Cluster: \`west\`
- From backup: \`first\`
- Restores: namespaces \`shop\`, \`team-*\`, without \`team-a\`, only \`deployments.apps\`, only what has certain labels
- Into other namespaces: \`shop:shop-copy\`
- Of what is there already: \`update\`
- In Holdfast: \`/api/v1/restores/first?location=default\``,
  );
});

test('a restore from a schedule, and one that tries another again, name no backup that nobody has found yet', () => {
  const details = (fields: Partial<RestoreSpec>) =>
    runDetails({ ...RUN, kind: 'Restore', spec: { ...RESTORE, backupName: '', ...fields } });
  expect(details({ scheduleName: 'nightly' })).toContain('- From schedule: `nightly`\n');
  expect(details({ retryOf: 'before' })).toContain('- Tries again: `before`\n');
  expect(details({ retryOf: 'before' })).not.toContain('From backup');
});

test('what callers choose is shown as it is, and cannot be markdown', () => {
  const details = runDetails({ ...RUN, by: 'x`[click](https://evil.example.com)\n# Title' });
  expect(details).toContain('- Asked for by: `x [click](https://evil.example.com) # Title`\n');
});

test('long requests stay well below what Temporal takes', () => {
  const names = Array.from({ length: 500 }, (_, index) => `${'n'.repeat(250)}${String(index)}`);
  const spec: RestoreSpec = {
    ...RESTORE,
    includedNamespaces: names,
    excludedNamespaces: names,
    includedResources: names,
    namespaceMapping: Object.fromEntries(names.map((name) => [name, name])),
  };
  const asked: AskedRun = { ...RUN, kind: 'Restore', spec, by: 'u'.repeat(5000) };
  const details = runDetails(asked);
  expect(Buffer.byteLength(details)).toBeLessThan(20_000);
  expect(details).toContain('and 490 more');
});

test('parts, deletions and schedules say whose they are', () => {
  const run = { kind: 'Backup', location: 'default', name: 'first' } as const;
  expect(partDetails(run, 'east')).toBe(
    'A part of the backup `first` in location `default`, cluster `east`',
  );
  expect(deletionDetails({ ...run, cluster: 'east', why: 'it has had its time' })).toBe(
    'Deletes the backup `first` in location `default`\n\n- Cluster: `east`\n- Why: it has had its time',
  );
  const spec = {
    ...{ schedule: '0 1 * * *', timeZone: 'UTC', location: 'default', template: BACKUP },
    ...({ jitter: '0s', overlapPolicy: 'Skip', catchupWindow: '1h0m0s', paused: false } as const),
  };
  expect(scheduleDetails({ name: 'nightly', spec }, undefined)).toBe(
    `Schedule \`nightly\` makes backups in location \`default\`

- When: \`0 1 * * *\` in the time zone \`UTC\`
- Cluster: \`east\`
- Takes: all namespaces
- Kept for: \`720h0m0s\`
- Waits for plugins for: \`4h0m0s\`
- In Holdfast: \`/api/v1/schedules/nightly\``,
  );
});
