import bundle from '../test/support/bundle.ts';
import { catalogue } from './catalogue.ts';
import { export10000, export50000 } from './export.ts';
import { image } from './image.ts';
import { items50000 } from './items.ts';
import { restoreSecrets } from './restore.ts';
import { publish, type Result } from './results.ts';
import { schedules } from './schedules.ts';
import { smallestBackup } from './smallest.ts';
import { volumes } from './volumes.ts';
import { watchers } from './watchers.ts';

/** Every measurement under the name that `make bench ONLY=` takes. */
const BENCHES: Readonly<Record<string, () => Promise<Result[]>>> = {
  'smallest-backup': smallestBackup,
  'export-10000': export10000,
  'export-50000': export50000,
  'items-50000': items50000,
  'restore-5000-secrets': restoreSecrets,
  image,
  volumes,
  catalogue,
  schedules,
  watchers,
};

const only = process.argv[2];
if (only !== undefined && BENCHES[only] === undefined) {
  process.stderr.write(`there is no bench ${only}; there is: ${Object.keys(BENCHES).join(', ')}\n`);
  process.exit(2);
}
const removeBundle = await bundle();
for (const [name, run] of Object.entries(BENCHES)) {
  if (only === undefined || only === name) {
    process.stderr.write(`bench ${name}\n`);
    publish(await run());
  }
}
await removeBundle();
process.exit();
