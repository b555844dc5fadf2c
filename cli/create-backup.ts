import { type Command, Option } from 'commander';

import { Failure } from '../domain/failure.ts';
import type { Fields } from '../domain/fields.ts';
import { withoutBlanks } from '../domain/normal-filters.ts';
import type { RunMetadata } from '../domain/run-metadata.ts';
import { notedBy, withMetadataFlags } from './run-metadata.ts';
import { selectionOf, withSelectionFlags } from './selection-flags.ts';
import { readBackupFile, type RunFile } from './velero-file.ts';

/** What `create` asks the API for. */
export interface RunRequest {
  readonly body: {
    readonly metadata: RunMetadata & { readonly name: string };
    readonly spec: Fields;
  };
  readonly location?: string;
}

interface BackupOptions {
  readonly file?: string;
  readonly location?: string;
  readonly storageLocation?: string;
  readonly ttl?: string;
  readonly itemOperationTimeout?: string;
}

/** What is read where no file is named. */
export const NO_FILE: RunFile = { spec: {}, withoutEffect: [] };

/** Adds the flags that only a backup has. */
export function withBackupFlags(command: Command): Command {
  return withMetadataFlags(withSelectionFlags(command))
    .option('--ttl <duration>', 'how long the backup is kept, such as 720h')
    .option(
      '--item-operation-timeout <duration>',
      'how long operations of plugins are waited for, 4h by default',
    )
    .option('--storage-location <name>', "Velero's name for --location")
    .option('-f, --file <path>', 'a Backup of Velero as YAML or JSON; "-" reads standard input')
    .addOption(
      new Option(
        '--dry-run',
        'show what would be in the backup and what would not; makes none',
      ).conflicts('wait'),
    );
}

/**
 * The request that a name, a file and flags make together; a flag wins over the field of the file. Says on standard
 * error what of the file has no effect. What cannot be read is a wrong flag.
 */
export async function backupRequest(
  name: string | undefined,
  command: Command,
  commonSpec: Fields,
): Promise<RunRequest> {
  const options = command.opts<BackupOptions>();
  const { ttl, itemOperationTimeout } = options;
  const times = withoutBlanks({ ttl, itemOperationTimeout });
  const flags = { ...commonSpec, ...times, ...selectionOf(command.opts()) };
  try {
    const file = options.file === undefined ? NO_FILE : await readBackupFile(options.file);
    const location = locationOf(options) ?? file.location;
    const metadata = { name: nameOf(name, file.name), ...notedBy(command.opts(), file.noted) };
    warnWithoutEffect(file.withoutEffect);
    return {
      body: { metadata, spec: { ...file.spec, ...flags } },
      ...(location === undefined ? {} : { location }),
    };
  } catch (error) {
    throw error instanceof Failure ? command.error(`error: ${error.message}`) : error;
  }
}

/** Says on standard error what of a file has no effect. */
export function warnWithoutEffect(withoutEffect: readonly string[]): void {
  if (withoutEffect.length > 0) {
    const names = withoutEffect.join(', ');
    process.stderr.write(`warning: these fields have no effect yet and are left out: ${names}\n`);
  }
}

/** The name of what is asked for. Throws `invalid-request`. */
export function nameOf(argument: string | undefined, inFile: string | undefined): string {
  const name = argument ?? inFile;
  if (name === undefined) {
    throw wrong('there is no name; give one as the argument, or as metadata.name of the file');
  }
  if (inFile !== undefined && inFile !== name) {
    throw wrong(`the argument is ${name}, and metadata.name of the file is ${inFile}; use one`);
  }
  return name;
}

/** Velero's flag for the location is another name of ours. */
function locationOf({ location, storageLocation }: BackupOptions): string | undefined {
  if (location !== undefined && storageLocation !== undefined && location !== storageLocation) {
    throw wrong('--location and --storage-location are one flag with two names; use one');
  }
  return location ?? storageLocation;
}

function wrong(message: string): Failure {
  return new Failure('invalid-request', message);
}
