import { readFile } from 'node:fs/promises';

import { Command } from 'commander';

import type { Fields } from '../domain/fields.ts';
import type {
  NotificationEndpointResource,
  NotificationTest,
} from '../domain/notifications/api-endpoint.ts';
import { EXIT } from './exit-codes.ts';
import {
  clientOf,
  type GlobalOptions,
  withApi,
  withHeaders,
  withOutput,
} from './global-options.ts';
import { printOneOrAll } from './output/one-or-all.ts';
import { note, print } from './output/print.ts';
import type { Table } from './output/table.ts';

type Options = Omit<GlobalOptions, 'location'>;

interface EndpointFlags {
  readonly url: string;
  readonly event?: readonly string[];
  readonly schedule?: readonly string[];
  readonly fromLocation?: readonly string[];
  readonly secret?: string;
  readonly caFile?: string;
}

/** `notification …`: create, replace, get, test, delete. */
export function notificationCommand(): Command {
  return new Command('notification')
    .description('say who is told what happens to backups and restores')
    .addCommand(writeCommand('create', 'keep a notification endpoint'))
    .addCommand(writeCommand('replace', 'give a notification endpoint another spec'))
    .addCommand(getCommand())
    .addCommand(testCommand())
    .addCommand(deleteCommand());
}

function writeCommand(verb: 'create' | 'replace', description: string): Command {
  return withOutput(withApi(new Command(verb)))
    .argument('<name>')
    .description(description)
    .requiredOption('--url <url>', 'where events are sent')
    .option('--event <names...>', 'only these, such as backup.failed or restore.*')
    .option('--schedule <names...>', 'only of what these schedules make')
    .option('--from-location <names...>', 'only of these storage locations')
    .option('--secret <name>', "Secret of Holdfast's namespace with signing keys and headers")
    .option('--ca-file <file>', 'PEM file with the certificate authority of the URL')
    .action(async (name: string, options: Options & EndpointFlags) => {
      const spec = await specOf(options);
      const endpoint = await clientOf(options).notifications.write(verb, { name, spec });
      print(endpoint, options, { message: () => `notification endpoint ${name} is kept\n` });
    });
}

async function specOf(flags: EndpointFlags): Promise<Fields> {
  const { url, event, schedule, fromLocation, secret, caFile } = flags;
  return {
    url,
    ...(event === undefined ? {} : { events: event }),
    ...(schedule === undefined ? {} : { schedules: schedule }),
    ...(fromLocation === undefined ? {} : { locations: fromLocation }),
    ...(secret === undefined ? {} : { secretRef: { name: secret } }),
    ...(caFile === undefined ? {} : { caCert: await readFile(caFile, 'utf8') }),
  };
}

function getCommand(): Command {
  return withHeaders(withOutput(withApi(new Command('get'))))
    .argument('[name]')
    .description(
      'list the notification endpoints and what came of the last deliveries, or show one',
    )
    .action(async (name: string | undefined, options: Options) => {
      const { notifications } = clientOf(options);
      await printOneOrAll(name, options, {
        list: () => notifications.list(),
        get: (one) => notifications.get(one),
        table: endpointsTable,
      });
    });
}

function testCommand(): Command {
  return withOutput(withApi(new Command('test')))
    .argument('<name>')
    .description('have a worker send a ping, and say what was answered')
    .option('--cluster <name>', 'the cluster, by the name that its workers serve')
    .action(async (name: string, options: Options & { readonly cluster?: string }) => {
      const test = await clientOf(options).notifications.test(name, options.cluster);
      print(test, options, { text: () => testText(test) });
      process.exitCode = test.outcome === 'Delivered' ? EXIT.ok : EXIT.failed;
    });
}

function deleteCommand(): Command {
  return withApi(new Command('delete'))
    .argument('<name>')
    .description('forget a notification endpoint')
    .action(async (name: string, options: Options) => {
      await clientOf(options).notifications.delete(name);
      note(options, `notification endpoint ${name} is forgotten\n`);
    });
}

function endpointsTable(
  endpoints: readonly NotificationEndpointResource[],
): Table<NotificationEndpointResource> {
  return {
    rows: endpoints,
    columns: [
      { heading: 'NAME', cell: ({ metadata }) => metadata.name },
      { heading: 'URL', cell: ({ spec }) => spec.url ?? 'not usable' },
      { heading: 'EVENTS', cell: ({ spec }) => spec.events?.join(',') ?? 'all' },
      { heading: 'STATE', cell: ({ status }) => status.state },
      {
        heading: 'LAST FAILURE',
        cell: ({ status }) => status.problem?.message ?? status.lastFailure?.message ?? '',
      },
    ],
  };
}

function testText({ metadata, eventId, httpStatus, failure }: NotificationTest): string {
  return failure === undefined
    ? `event ${eventId} was delivered to ${metadata.name} (HTTP ${String(httpStatus)})\n`
    : `event ${eventId} was not delivered: ${failure.message}\n`;
}
