import { execFile } from 'node:child_process';
import { promisify } from 'node:util';

import { Told } from './told.ts';

const run = promisify(execFile);
const OUTPUT_BYTES_MAX = 64 * 1024 * 1024;

/** What kubectl prints; it finds its cluster as it always does. */
export async function kubectl(...args: string[]): Promise<string> {
  try {
    return (await run('kubectl', args, { maxBuffer: OUTPUT_BYTES_MAX })).stdout;
  } catch (error) {
    // What kubectl says is for the log: it may quote objects.
    console.error(error);
    throw new Told(`kubectl ${args[0] ?? ''} has failed`);
  }
}

/** An object or a list, as the cluster has it now. */
export async function read<Value>(...args: string[]): Promise<Value> {
  // The caller names what the API server answers with.
  return JSON.parse(await kubectl('get', '--output', 'json', ...args)) as Value;
}
