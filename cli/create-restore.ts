import type { Command } from 'commander';

import type { CreateRestoreRequest } from '../domain/api-resource.ts';
import { Failure } from '../domain/failure.ts';
import type { Fields } from '../domain/fields.ts';
import { type RunRequest, warnWithoutEffect } from './create-backup.ts';
import { readRestoreFile } from './restore-file.ts';
import { notedBy } from './run-metadata.ts';
import { restoreNameOf, type RestoreOptions, restoreSpecOf } from './restore-flags.ts';
import type { RunFile } from './velero-file.ts';

const NO_FILE: RunFile = { spec: {}, withoutEffect: [] };
const SOURCES = ['backupName', 'scheduleName', 'allowPartiallyFailed', 'retryOf'];

/**
 * The request that a name, a file and flags make together; a flag wins over the field of the file, and one that says
 * what is restored over all of the file that do. Says on standard error what of the file has no effect.
 */
export async function restoreRequest(
  argument: string | undefined,
  command: Command,
  commonSpec: Fields,
): Promise<RunRequest> {
  const options = command.opts<RestoreOptions>();
  const file = await fileOf(options.file, command);
  const flags: Fields = { ...commonSpec, ...restoreSpecOf(options) };
  const hasSource = SOURCES.some((field) => flags[field] !== undefined);
  const kept = Object.entries(file.spec).filter(
    ([field]) => !hasSource || !SOURCES.includes(field),
  );
  // What values the fields have is checked by the API, which names them.
  const spec = { ...Object.fromEntries(kept), ...flags } as CreateRestoreRequest['spec'];
  if ((spec.backupName ?? spec.scheduleName ?? spec.retryOf) === undefined) {
    command.error('error: give one of --from-backup, --from-schedule and --retry-of');
  }
  requireOneName(command, argument, file);
  warnWithoutEffect(file.withoutEffect);
  const location = options.location ?? file.location;
  const name = argument ?? file.name ?? restoreNameOf(spec, Date.now());
  return {
    body: { metadata: { name, ...notedBy(command.opts(), file.noted) }, spec: { ...spec } },
    ...(location === undefined ? {} : { location }),
  };
}

function requireOneName(command: Command, argument: string | undefined, { name }: RunFile): void {
  if (argument !== undefined && name !== undefined && argument !== name) {
    const what = `the argument is ${argument}, and metadata.name of the file is ${name}; use one`;
    command.error(`error: ${what}`);
  }
}

/** What cannot be read is a wrong flag. */
async function fileOf(path: string | undefined, command: Command): Promise<RunFile> {
  try {
    return path === undefined ? NO_FILE : await readRestoreFile(path);
  } catch (error) {
    throw error instanceof Failure ? command.error(`error: ${error.message}`) : error;
  }
}
