import { Command, InvalidArgumentError, Option } from 'commander';

import { parseDuration } from '../domain/duration.ts';
import { LOG_LEVELS } from '../domain/run-log/level.ts';
import { type LogQuery, RunLogs } from './client/run-logs.ts';
import type { Plural } from './client/runs.ts';
import { EXIT } from './exit-codes.ts';
import { clientOf, type ServerOptions, withServer } from './global-options.ts';
import { logLineText } from './log-output.ts';
import { read } from './selection-flags.ts';

interface LogsOptions extends ServerOptions {
  readonly follow?: true;
  readonly tail?: string;
  /** Milliseconds. */
  readonly since?: number;
  readonly level?: string;
  readonly output: 'table' | 'json';
}

/** `backup logs` and `restore logs`: what a run told. */
export function logsCommand(plural: Plural): Command {
  return withServer(new Command('logs'))
    .argument('<name>')
    .description(`show the log of a ${plural.slice(0, -1)}, also while it goes on`)
    .option('-f, --follow', 'go on until the run has ended')
    .addOption(
      new Option('--tail <number>', 'of what is there, the last lines alone').argParser(readCount),
    )
    .addOption(
      new Option('--since <duration>', 'what is not older, such as 10m').argParser((text) =>
        read((written) => parseDuration(written, '--since'), text),
      ),
    )
    .addOption(new Option('--level <level>', 'what is at least so grave').choices(LOG_LEVELS))
    .addOption(
      new Option('-o, --output <format>', 'how to print: table, or json for the lines as they are')
        .argParser(readFormat)
        .default('table'),
    )
    .action(async (name: string, _options: unknown, self: Command) => {
      await show(plural, name, self.opts());
    });
}

async function show(plural: Plural, name: string, options: LogsOptions): Promise<void> {
  const interruption = new AbortController();
  process.once('SIGINT', () => {
    interruption.abort();
  });
  const logs = new RunLogs(clientOf(options), { plural, name });
  const { signal } = interruption;
  const query = queryOf(options);
  try {
    for await (const line of options.follow === true
      ? logs.follow(query, signal)
      : logs.read(query, signal)) {
      process.stdout.write(options.output === 'json' ? `${line}\n` : logLineText(line));
    }
  } catch (error) {
    if (!signal.aborted) {
      throw error;
    }
    process.exitCode = EXIT.interrupted;
  }
}

function queryOf({ tail, since, level }: LogsOptions): LogQuery {
  return {
    ...(tail === undefined ? {} : { tailLines: tail }),
    ...(since === undefined ? {} : { sinceTime: new Date(Date.now() - since).toISOString() }),
    ...(level === undefined ? {} : { level }),
  };
}

function readFormat(written: string): 'table' | 'json' {
  // As with kubectl, `-o=json` is `-o json`.
  const format = written.replace(/^=/, '');
  if (format !== 'table' && format !== 'json') {
    throw new InvalidArgumentError('it must be one of table|json');
  }
  return format;
}

function readCount(text: string): string {
  if (!/^\d{1,6}$/.test(text)) {
    throw new InvalidArgumentError('it must be a number from 0 to 999999');
  }
  return text;
}
