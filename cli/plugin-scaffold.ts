import { mkdir, readdir, readFile, writeFile } from 'node:fs/promises';
import { basename, join, resolve } from 'node:path';

import { isDnsLabel } from '../domain/names.ts';

/** Languages that there is an example plugin in. */
export const LANGUAGES = ['typescript', 'python'] as const;
export type Language = (typeof LANGUAGES)[number];

/** The examples, which tests run as they are: a new plugin begins as a copy. */
const EXAMPLES = new URL('../examples/plugins/', import.meta.url);
/** What they are called. */
const EXAMPLE_NAME = 'example-uploader';

export interface NewPlugin {
  readonly folder: string;
  readonly language: Language;
  /** The folder's own name when left out. */
  readonly name?: string;
}

/** A plugin that cannot be begun as it was asked for. */
export class ScaffoldError extends Error {
  override readonly name = 'ScaffoldError';
}

/**
 * Writes a plugin that runs into a folder, which is made if it is not there, and gives its name. Throws `ScaffoldError` for
 * a folder that holds something, and for a name that no plugin can have.
 */
export async function writeScaffold({ folder, language, name }: NewPlugin): Promise<string> {
  const plugin = name ?? basename(resolve(folder));
  if (!isDnsLabel(plugin)) {
    const hint = name === undefined ? '; name another one with --name' : '';
    throw new ScaffoldError(
      `${plugin} is no name of a plugin: it must be lower-case letters, digits and "-", at most 63${hint}`,
    );
  }
  await makeEmpty(folder);
  const from = new URL(`${language}/`, EXAMPLES);
  // Folders are what somebody has installed there to run the example.
  for (const entry of await readdir(from, { withFileTypes: true })) {
    if (entry.isFile()) {
      const text = await readFile(new URL(entry.name, from), 'utf8');
      const path = join(folder, entry.name);
      await writeFile(path, text.replaceAll(EXAMPLE_NAME, plugin), { flag: 'wx' });
    }
  }
  return plugin;
}

async function makeEmpty(folder: string): Promise<void> {
  await mkdir(folder, { recursive: true });
  if ((await readdir(folder)).length > 0) {
    throw new ScaffoldError(`${folder} is not empty; name a folder that is, or that is not there`);
  }
}
