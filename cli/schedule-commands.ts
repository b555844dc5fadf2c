import { Command, InvalidArgumentError, Option } from 'commander';

import { Failure } from '../domain/failure.ts';
import { fields } from '../domain/fields.ts';
import { withoutBlanks } from '../domain/normal-filters.ts';
import { KEEP_FIELDS, type KeepRules } from '../domain/retention/keep-rules.ts';
import type { RecoverSchedulesRequest } from '../domain/schedules/recovered-schedule.ts';
import { OVERLAP_POLICIES } from '../domain/schedules/schedule.ts';
import { nameOf, NO_FILE, warnWithoutEffect } from './create-backup.ts';
import {
  clientOf,
  type GlobalOptions,
  withApi,
  withHeaders,
  withLabels,
  withOutput,
} from './global-options.ts';
import { present } from './item-flags.ts';
import { note, print } from './output/print.ts';
import {
  notedBy,
  SELECTOR_HELP,
  type SelectorOptions,
  selectorQuery,
  withMetadataFlags,
} from './run-metadata.ts';
import { readScheduleFile } from './schedule-file.ts';
import { retentionTable, schedulesTable, scheduleText, unreadText } from './schedule-output.ts';
import { FlagCommand, names, selectionOf, withSelectionFlags } from './selection-flags.ts';

type Options = Omit<GlobalOptions, 'location'>;

interface SpecOptions extends Options, KeepRules {
  readonly file?: string;
  readonly schedule?: string;
  readonly timeZone?: string;
  readonly location?: string;
  readonly jitter?: string;
  readonly overlapPolicy?: string;
  readonly catchupWindow?: string;
  readonly paused?: true;
  readonly ttl?: string;
  readonly itemOperationTimeout?: string;
  readonly cluster?: string;
  readonly includeNamespaces?: string[];
  readonly excludeNamespaces?: string[];
}

interface BackfillOptions extends Options {
  readonly from: string;
  readonly to: string;
  readonly overlapPolicy?: string;
}

/** `schedule …`: create, replace, get, describe, next, retention, pause, unpause, trigger, backfill, recover, delete. */
export function scheduleCommand(): Command {
  const command = new Command('schedule').description('make backups at certain times');
  for (const verb of ['create', 'replace'] as const) {
    command.addCommand(specCommand(verb));
  }
  return command
    .addCommand(getCommand())
    .addCommand(describeCommand())
    .addCommand(nextCommand())
    .addCommand(retentionCommand())
    .addCommand(pauseCommand('pause', 'keep a schedule from making backups'))
    .addCommand(pauseCommand('unpause', 'let a schedule go on'))
    .addCommand(triggerCommand())
    .addCommand(backfillCommand())
    .addCommand(recoverCommand())
    .addCommand(deleteCommand());
}

function specCommand(verb: 'create' | 'replace'): Command {
  const command = withSelectionFlags(withOutput(withApi(new FlagCommand(verb))))
    .argument('[name]', 'name of the schedule; that of the file when left out')
    .description(verb === 'create' ? 'make a schedule' : 'give a schedule another spec, or make it')
    .option(
      '--schedule <text>',
      'cron with five fields, @daily and the like, or "@every 6h"; after CRON_TZ=… maybe',
    )
    .option('-f, --file <path>', 'a Schedule of Velero as YAML or JSON; "-" reads standard input')
    .option('--time-zone <name>', 'such as Europe/Berlin; UTC by default')
    .option('--location <name>', 'the storage location; the default one when left out')
    .option('--jitter <duration>', 'begin at random up to this long after each time')
    .addOption(
      new Option(
        '--overlap-policy <policy>',
        'for a time at which the backup before it runs; Skip by default',
      ).choices(OVERLAP_POLICIES),
    )
    .option('--catchup-window <duration>', 'how late a missed backup may begin; 1h by default')
    .option('--paused', 'make it paused')
    .option(
      '--include-namespaces <names>',
      'namespaces to take, separated by commas; all by default',
      names,
    )
    .option('--exclude-namespaces <names>', 'namespaces to leave out, separated by commas', names)
    .option('--cluster <name>', 'the cluster, by the name that its workers serve')
    .option('--ttl <duration>', 'how long each backup is kept, such as 720h')
    .option('--item-operation-timeout <duration>', 'how long operations of plugins are waited for');
  for (const field of KEEP_FIELDS) {
    const word = field.slice('keep'.length).toLowerCase();
    const what =
      word === 'last'
        ? 'the last backups'
        : `the last of each of the last ${PERIODS[word] ?? ''} with a backup`;
    command.option(`--keep-${word} <count>`, `keep ${what}`, count);
  }
  withMetadataFlags(command);
  return command.action(async (argument: string | undefined, _options: unknown, self: Command) => {
    const options = self.opts<SpecOptions>();
    const body = await scheduleRequest(argument, self);
    const { name } = body.metadata;
    const schedule =
      verb === 'create'
        ? await clientOf(options).schedules.create(body)
        : await clientOf(options).schedules.replace(name, body);
    print(schedule, options, {
      message: () =>
        `schedule ${name} is ${schedule.status.phase}; the next time is ${schedule.status.nextTimes[0] ?? 'none'}\n`,
    });
  });
}

const PERIODS: Readonly<Record<string, string>> = {
  hourly: 'hours',
  daily: 'days',
  weekly: 'weeks',
  monthly: 'months',
  yearly: 'years',
};

/**
 * The request that a name, a file and flags make together; a flag wins over the field of the file. What cannot be read is
 * a wrong flag.
 */
async function scheduleRequest(argument: string | undefined, self: Command) {
  const options = self.opts<SpecOptions>();
  const { template, ...flags } = specOf(options, selectionOf(self.opts()));
  try {
    const file = options.file === undefined ? NO_FILE : await readScheduleFile(options.file);
    const spec = { ...file.spec, ...flags };
    if (!('schedule' in spec)) {
      throw new Failure('invalid-request', 'there is no time; give --schedule, or a file with it');
    }
    const metadata = { name: nameOf(argument, file.name), ...notedBy(self.opts(), file.noted) };
    warnWithoutEffect(file.withoutEffect);
    return {
      metadata,
      spec: { ...spec, template: { ...fields(file.spec['template']), ...template } },
    };
  } catch (error) {
    throw error instanceof Failure ? self.error(`error: ${error.message}`) : error;
  }
}

function specOf(options: SpecOptions, selection: object) {
  const { schedule, timeZone, location, jitter, overlapPolicy, catchupWindow, paused } = options;
  const { ttl, itemOperationTimeout, cluster, includeNamespaces, excludeNamespaces } = options;
  const rules = KEEP_FIELDS.flatMap((field) =>
    options[field] === undefined ? [] : [[field, options[field]] as const],
  );
  return {
    ...present({ schedule, timeZone, location, jitter, overlapPolicy, catchupWindow }),
    ...(paused === undefined ? {} : { paused }),
    ...(rules.length === 0 ? {} : { retention: Object.fromEntries(rules) }),
    template: {
      ...withoutBlanks({ ttl, itemOperationTimeout, cluster }),
      ...(includeNamespaces === undefined ? {} : { includedNamespaces: includeNamespaces }),
      ...(excludeNamespaces === undefined ? {} : { excludedNamespaces: excludeNamespaces }),
      ...selection,
    },
  };
}

function count(text: string): number {
  if (!/^\d{1,5}$/.test(text)) {
    throw new InvalidArgumentError('it must be a number from 0 on');
  }
  return Number(text);
}

function getCommand(): Command {
  return withLabels(withOutput(withApi(new Command('get'))))
    .argument('[name]')
    .description('list schedules, or show one')
    .option('-l, --selector <selector>', SELECTOR_HELP)
    .action(async (name: string | undefined, options: Options & SelectorOptions) => {
      const client = clientOf(options);
      if (name !== undefined) {
        const schedule = await client.schedules.get(name);
        print(schedule, options, { table: schedulesTable([schedule]) });
        return;
      }
      const list = await client.schedules.list(selectorQuery(options));
      const { unread = [] } = list.metadata;
      process.stderr.write(unreadText(unread));
      print(list, options, { table: schedulesTable(list.items) });
      if (list.items.length + unread.length === 0) {
        note(options, 'there is no schedule; make one with: holdfast schedule create\n');
      }
    });
}

function describeCommand(): Command {
  return one('describe', 'show a schedule, its next times and what it did').action(
    async (name: string, options: Options) => {
      const schedule = await clientOf(options).schedules.get(name);
      print(schedule, options, { text: () => scheduleText(schedule) });
    },
  );
}

function nextCommand(): Command {
  return one('next', 'show the times at which a schedule makes its next backups').action(
    async (name: string, options: Options) => {
      const schedule = await clientOf(options).schedules.get(name);
      const { nextTimes, phase } = schedule.status;
      print(schedule, options, { text: () => nextTimes.map((time) => `${time}\n`).join('') });
      if (nextTimes.length === 0) {
        note(options, `there is no next time; the schedule is ${phase}\n`);
      }
    },
  );
}

function retentionCommand(): Command {
  return withHeaders(one('retention', 'show which backups of a schedule stay, and why')).action(
    async (name: string, options: Options) => {
      const kept = await clientOf(options).schedules.retention(name);
      print(kept, options, {
        table: retentionTable(kept),
        names: () => kept.items.map(({ backup }) => `backup/${backup}`),
      });
    },
  );
}

function pauseCommand(verb: 'pause' | 'unpause', description: string): Command {
  return one(verb, description)
    .option('--note <text>', 'why')
    .action(async (name: string, options: Options & { readonly note?: string }) => {
      const body = present({ note: options.note });
      const schedule = await clientOf(options).schedules.verb(name, verb, body);
      print(schedule, options, {
        message: () => `schedule ${name} is ${schedule.status.phase}\n`,
      });
    });
}

function triggerCommand(): Command {
  return one('trigger', 'make a backup of a schedule now')
    .addOption(overlapOption('of this backup; that of the schedule by default'))
    .action(async (name: string, options: Options & { readonly overlapPolicy?: string }) => {
      const body = present({ overlapPolicy: options.overlapPolicy });
      const schedule = await clientOf(options).schedules.verb(name, 'trigger', body);
      print(schedule, options, {
        message: () =>
          `a backup of the schedule ${name} is asked for; look at it with: holdfast schedule describe ${name}\n`,
      });
    });
}

function backfillCommand(): Command {
  return one('backfill', 'make the backups of times that are over')
    .requiredOption('--from <time>', 'RFC 3339, such as 2026-11-01T00:00:00Z')
    .requiredOption('--to <time>', 'RFC 3339')
    .addOption(overlapOption('of these backups; BufferAll by default'))
    .action(async (name: string, options: BackfillOptions) => {
      const { from, to, overlapPolicy } = options;
      const body = { ...present({ startTime: from, endTime: to, overlapPolicy }) };
      const schedule = await clientOf(options).schedules.verb(name, 'backfill', body);
      print(schedule, options, {
        message: () => `the backups of the schedule ${name} from ${from} to ${to} are asked for\n`,
      });
    });
}

function overlapOption(description: string): Option {
  return new Option('--overlap-policy <policy>', description).choices(OVERLAP_POLICIES);
}

function recoverCommand(): Command {
  return withOutput(withApi(new Command('recover')))
    .description('bring back the schedules that Temporal has lost, from their locations')
    .option('--location <name>', 'those of this location; of all when left out')
    .option('--cluster <name>', 'those that back up this cluster')
    .option('--as-cluster <name>', 'the cluster that they are to back up from now on')
    .option('--paused', 'bring them back paused')
    .action(async (options: Options & RecoverSchedulesRequest) => {
      const { location, cluster, asCluster, paused } = options;
      const body = {
        ...present({ location, cluster, asCluster }),
        ...(paused === undefined ? {} : { paused }),
      };
      const recovered = await clientOf(options).schedules.recover(body);
      const { names } = recovered;
      print(recovered, options, {
        text: () => names.map((name) => `${name}\n`).join(''),
        names: () => names.map((name) => `schedule/${name}`),
      });
      note(options, `${String(names.length)} schedules are back\n`);
    });
}

function deleteCommand(): Command {
  return withApi(new Command('delete'))
    .argument('<name>')
    .description('forget a schedule; its backups stay')
    .action(async (name: string, options: Options) => {
      await clientOf(options).schedules.delete(name);
      note(options, `schedule ${name} is deleted; its backups stay\n`);
    });
}

function one(name: string, description: string): Command {
  return withOutput(withApi(new Command(name)))
    .argument('<name>')
    .description(description);
}
