import { Failure } from '../domain/failure.ts';
import { buildApp } from './app.ts';
import { openTemporal } from './runs/temporal-line.ts';
import { TemporalRuns } from './runs/temporal.ts';

/** Prints the OpenAPI document; needs no server. */
const app = await buildApp({
  temporal: new TemporalRuns(openTemporal({}), 'default'),
  locations: [],
  store: () => {
    throw new Failure('internal', 'no location is needed to describe the API');
  },
  logLevel: 'silent',
});
await app.ready();
process.stdout.write(`${JSON.stringify(app.swagger(), undefined, 2)}\n`);
await app.close();
