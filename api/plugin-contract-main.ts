import { pluginContract } from '../domain/plugins/contract-document.ts';

/** Prints the JSON Schemas of the plugin contract: docs/plugin-contract-v1.json. */
process.stdout.write(`${JSON.stringify(pluginContract(), undefined, 2)}\n`);
