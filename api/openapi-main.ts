import { LocationSet } from '../storage/location-set.ts';
import { buildApp } from './app.ts';
import { openTemporal } from './runs/temporal-line.ts';
import { TemporalRuns } from './runs/temporal.ts';

const locations = new LocationSet({ fixed: [] });

/** Prints the OpenAPI document; needs no server. */
const app = await buildApp({
  temporal: new TemporalRuns(openTemporal({}), 'default'),
  locations,
  store: (name) => locations.store(name),
  logLevel: 'silent',
});
await app.ready();
process.stdout.write(`${JSON.stringify(app.swagger(), undefined, 2)}\n`);
await app.close();
