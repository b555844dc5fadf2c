import { appendFile, mkdtemp, readFile, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';

import { kubectl } from './kubectl.ts';

/** Names the file with the namespaces of this test run that were dropped, one a line. */
const LIST = 'HOLDFAST_TEST_DROPPED_NAMESPACES';

/** Keeps one list for all projects of a test run. */
export default async function setup(): Promise<() => Promise<void>> {
  if (process.env[LIST] !== undefined) {
    return () => Promise.resolve();
  }
  const folder = await mkdtemp(join(tmpdir(), 'holdfast-dropped-'));
  process.env[LIST] = join(folder, 'namespaces');
  return () => rm(folder, { recursive: true });
}

/**
 * Begins to delete namespaces with everything in them. That takes six seconds at least, in which other tests run; one of
 * the last tests waits until all are gone.
 */
export async function dropNamespaces(...names: readonly string[]): Promise<void> {
  await kubectl('delete', 'namespace', ...names, '--ignore-not-found', '--wait=false');
  const list = process.env[LIST];
  if (list !== undefined) {
    await appendFile(list, names.map((name) => `${name}\n`).join(''));
  }
}

/** The namespaces that were dropped until now. */
export async function droppedNamespaces(): Promise<string[]> {
  const text = await readFile(process.env[LIST] ?? '', 'utf8').catch(() => '');
  return text.split('\n').filter((name) => name !== '');
}
