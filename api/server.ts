import { Failure } from '../domain/failure.ts';
import { KEPT_BYTES_MAX, keepRecords } from '../storage/kept-records.ts';
import { openStores } from '../storage/object-store/open.ts';
import { buildApp } from './app.ts';
import { type ApiConfig, readConfig } from './config.ts';
import { openTemporal } from './runs/temporal-line.ts';
import { TemporalRuns } from './runs/temporal.ts';

const EXIT_CONFIG = 2;

/** Listens until the process is asked to end; requests that are under way are answered. */
async function main(): Promise<void> {
  const config = configOrExit();
  const line = openTemporal(config.temporal.connection);
  const temporal = new TemporalRuns(line, config.temporal.namespace);
  const app = await buildApp({
    temporal,
    locations: config.locations,
    store: keepRecords(openStores(config.locations), KEPT_BYTES_MAX),
    uiUrl: config.temporal.uiUrl,
    patienceMs: config.patienceMs,
    isRevealAllowed: config.isRevealAllowed,
    logLevel: config.logLevel,
  });
  app.addHook('onClose', () => temporal.close());
  const end = (): void => {
    void app.close();
  };
  process.once('SIGTERM', end);
  process.once('SIGINT', end);
  if (process.send !== undefined) {
    // An API that was started by `holdfast dev` must not outlive it, however that ends.
    process.once('disconnect', end);
    // One that was asked to end by somebody else must not stay for the sake of the open channel.
    process.channel?.unref();
  }
  await app.listen({ host: config.host, port: config.port });
}

function configOrExit(): ApiConfig {
  try {
    return readConfig(process.env);
  } catch (error) {
    const message = error instanceof Failure ? error.message : String(error);
    process.stderr.write(`holdfast api: ${message}\n`);
    process.exit(EXIT_CONFIG);
  }
}

await main();
