import { createInterface } from 'node:readline/promises';

import { Command, Option } from 'commander';

import { parseDuration } from '../domain/duration.ts';
import type { Plural } from './client/runs.ts';
import { backupRequest, withBackupFlags } from './create-backup.ts';
import { restoreRequest } from './create-restore.ts';
import { EXIT, exitCodeOf, FAIL_ON, type FailOn } from './exit-codes.ts';
import { copiesOf, detailsOf, detailsText } from './backup-details.ts';
import { clientOf, type GlobalOptions, withGlobals, withLabels } from './global-options.ts';
import { coverageText } from './coverage-output.ts';
import { isForPeople } from './output/format.ts';
import { note, print } from './output/print.ts';
import { describeText, runsTable } from './run-output.ts';
import { plan, type PlanOptions, withDryRun, withPlanFlags } from './plan-command.ts';
import { withHoldCommands } from './hold-commands.ts';
import { hooksCommand } from './hooks-command.ts';
import { logsCommand } from './logs-command.ts';
import { restoreItemsCommand } from './restore-items-command.ts';
import { restoreFlags } from './restore-flags.ts';
import {
  SELECTOR_HELP,
  type SelectorOptions,
  selectorQuery,
  withMetadataFlags,
} from './run-metadata.ts';
import { FlagCommand, names, read } from './selection-flags.ts';
import { waitForEnd, waitUntilGone, type WaitOptions } from './wait.ts';

interface CreateOptions extends GlobalOptions, WaitOptions {
  readonly includeNamespaces?: string[];
  readonly excludeNamespaces?: string[];
  readonly cluster?: string;
  readonly dryRun?: true;
  readonly wait?: true;
  readonly failOn?: FailOn;
  readonly quiet?: true;
}

/** `backup …`: create, get, describe, cancel, delete, hold, release, extend. */
export function backupCommand(): Command {
  const command = new Command('backup').description('make backups and look at them');
  command.addCommand(
    withBackupFlags(createCommand('backups')).action(
      async (name: string | undefined, _options: unknown, self: Command) => {
        const options = self.opts<CreateOptions>();
        const { body, location } = await backupRequest(name, self, commonSpec(options));
        const target = { ...options, ...given('location', location) };
        if (options.dryRun === true) {
          const preview = await clientOf(target).runs.preview(body);
          print(preview, options, { text: () => coverageText(preview.coverage) });
          return;
        }
        await create('backups', body, target);
      },
    ),
  );
  return withHoldCommands(withOthers(command, 'backups'));
}

/** `restore …`: create, plan, get, describe, items, cancel, delete. */
export function restoreCommand(): Command {
  const command = new Command('restore').description('restore backups and look at restores');
  command.addCommand(
    withMetadataFlags(withDryRun(restoreFlags(createCommand('restores')))).action(
      async (argument: string | undefined, _options: unknown, self: Command) => {
        const options = self.opts<CreateOptions & PlanOptions>();
        const { body, location } = await restoreRequest(argument, self, commonSpec(options));
        const target = { ...options, ...given('location', location) };
        await (options.dryRun === true ? plan(body, target) : create('restores', body, target));
      },
    ),
  );
  command.addCommand(
    restoreFlags(withPlanFlags(runCommand('plan'))).action(
      async (argument: string | undefined, _options: unknown, self: Command) => {
        const options = self.opts<CreateOptions & PlanOptions>();
        const { body, location } = await restoreRequest(argument, self, commonSpec(options));
        await plan(body, { ...options, ...given('location', location) });
      },
    ),
  );
  return withOthers(command, 'restores')
    .addCommand(restoreItemsCommand())
    .addCommand(hooksCommand('restore', (client, name) => client.contents.restoreHooks(name)));
}

function createCommand(plural: Plural): Command {
  return withTimeout(runCommand('create'))
    .description(plural === 'backups' ? 'start a backup' : 'start a restore')
    .option('-w, --wait', 'wait for the end; the exit status says how it went')
    .addOption(
      new Option(
        '--fail-on <end>',
        'wait, and take "partial" ends for failures too, or "failed" ones alone',
      )
        .choices(FAIL_ON)
        .implies({ wait: true }),
    );
}

/** Adds the flag that says how long to wait. */
function withTimeout(command: Command): Command {
  return command.addOption(
    new Option(
      '--timeout <duration>',
      'wait for the end, but so long at most, such as 10m; it goes on then',
    )
      .argParser((text) => read((written) => parseDuration(written, '--timeout'), text))
      .implies({ wait: true }),
  );
}

/** A command that is told which run it is about by the flags of all kinds of runs. */
function runCommand(name: string): Command {
  return withGlobals(new FlagCommand(name))
    .argument('[name]')
    .option(
      '--include-namespaces <names>',
      'namespaces to take, separated by commas; all by default',
      names,
    )
    .option('--exclude-namespaces <names>', 'namespaces to leave out, separated by commas', names)
    .option('--cluster <name>', 'the cluster, by the name that its workers serve');
}

function withOthers(command: Command, plural: Plural): Command {
  const kind = plural.slice(0, -1);
  const one = (name: string, description: string): Command =>
    withGlobals(new Command(name)).argument('<name>').description(description);
  return command
    .addCommand(logsCommand(plural))
    .addCommand(
      withLabels(withGlobals(new Command('get')))
        .argument('[name]')
        .description(`list ${plural}, or show one`)
        .option('-l, --selector <selector>', SELECTOR_HELP)
        .action((name: string | undefined, _options: unknown, self: Command) =>
          get(plural, name, self.opts()),
        ),
    )
    .addCommand(
      withDetails(one('describe', `show everything about a ${kind}`), plural).action(
        (name: string, _options: unknown, self: Command) => describe(plural, name, self.opts()),
      ),
    )
    .addCommand(
      one('cancel', `ask a ${kind} to end`).action(
        async (name: string, _options: unknown, self: Command) => {
          const options = self.opts<GlobalOptions>();
          const run = await clientOf(options).runs.cancel(plural, name);
          print(run, options, { message: () => `${kind} ${name} is asked to end\n` });
        },
      ),
    )
    .addCommand(
      withTimeout(one('delete', `delete an ended ${kind} from its location`))
        .option('--yes', 'do not ask')
        .option('--confirm', "Velero's name for --yes")
        .option('--wait', 'wait until it is gone')
        .action((name: string, _options: unknown, self: Command) =>
          remove(plural, name, self.opts()),
        ),
    );
}

async function create(
  plural: Plural,
  body: { readonly metadata: { readonly name: string }; readonly spec: object },
  options: CreateOptions,
): Promise<void> {
  const client = clientOf(options);
  const run = await client.runs.create(plural, body);
  const { name } = body.metadata;
  const kind = plural.slice(0, -1);
  if (options.wait !== true) {
    print(run, options, {
      message: () =>
        `${kind} ${name} is ${run.status.phase}; look at it with: holdfast ${kind} describe ${name}\n`,
    });
    return;
  }
  const ended = await waitForEnd({ client, plural, name }, options);
  print(ended, options, { text: () => describeText(ended, Date.now()) });
  process.exitCode = exitCodeOf(ended.status.phase, options.failOn);
  if (ended.status.phase !== 'Completed' && isForPeople(options.output)) {
    note(options, `what happened is in its log: holdfast ${kind} logs ${name}\n`);
  }
}

async function get(
  plural: Plural,
  name: string | undefined,
  options: GlobalOptions & SelectorOptions,
): Promise<void> {
  const client = clientOf(options);
  if (name === undefined) {
    const list = await client.runs.list(plural, selectorQuery(options));
    print(list, options, { table: runsTable(list.items, Date.now()) });
    if (list.items.length === 0) {
      const which = options.selector === undefined ? 'in the location' : 'with these labels';
      note(options, `there is no ${plural.slice(0, -1)} ${which}\n`);
    }
    return;
  }
  const run = await client.runs.get(plural, name);
  print(run, options, { table: runsTable([run], Date.now()) });
}

function withDetails(command: Command, plural: Plural): Command {
  return plural === 'backups'
    ? command.option('--details', 'show what it holds and what it leaves out, and why')
    : command;
}

async function describe(
  plural: Plural,
  name: string,
  options: GlobalOptions & { readonly details?: true },
): Promise<void> {
  const client = clientOf(options);
  const run = await client.runs.get(plural, name);
  if (options.details !== true) {
    const copies = isForPeople(options.output) ? await copiesOf(client, run) : '';
    print(run, options, { text: () => `${describeText(run, Date.now())}${copies}` });
    return;
  }
  const details = await detailsOf(client, run);
  print({ ...run, ...details }, options, {
    text: () => `${describeText(run, Date.now())}\n${detailsText(details)}`,
  });
}

async function remove(
  plural: Plural,
  name: string,
  options: GlobalOptions & WaitOptions & { yes?: true; confirm?: true; wait?: true },
): Promise<void> {
  const kind = plural.slice(0, -1);
  if (
    !(options.yes ?? options.confirm ?? false) &&
    !(await isConfirmed(`delete the ${kind} ${name} for ever?`))
  ) {
    process.stderr.write(`nothing was deleted; --yes deletes without asking\n`);
    process.exitCode = EXIT.usage;
    return;
  }
  const client = clientOf(options);
  const run = await client.runs.delete(plural, name);
  if (options.wait === true && !(await waitUntilGone({ client, plural, name }, options))) {
    process.stderr.write(
      `the deletion has ended, and the ${kind} ${name} is still there; holdfast ${kind} describe ${name} shows it\n`,
    );
    process.exitCode = EXIT.failed;
    return;
  }
  print(run, options, {
    message: () => `${kind} ${name} is ${options.wait === true ? 'deleted' : 'being deleted'}\n`,
  });
}

async function isConfirmed(question: string): Promise<boolean> {
  if (!process.stdin.isTTY) {
    return false;
  }
  const terminal = createInterface({ input: process.stdin, output: process.stderr });
  const answer = await terminal.question(`${question} [y/N] `);
  terminal.close();
  return /^y(es)?$/i.test(answer.trim());
}

function commonSpec(options: CreateOptions) {
  return {
    ...given('includedNamespaces', options.includeNamespaces),
    ...given('excludedNamespaces', options.excludeNamespaces),
    ...given('cluster', options.cluster),
  };
}

function given<Field extends string, Value>(field: Field, value: Value | undefined) {
  return value === undefined ? {} : { [field]: value };
}
