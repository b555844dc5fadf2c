import { type Command, InvalidArgumentError } from 'commander';

import type { GlobalOptions } from './global-options.ts';

/** Which items of a run are listed. */
export interface ItemFlags extends GlobalOptions {
  readonly type?: string;
  readonly namespace?: string;
  readonly name?: string;
  readonly limit?: number;
}

/** Adds the flags that choose among the items of a run. */
export function withItemFlags(command: Command): Command {
  return command
    .option('--type <names>', 'types by plural, kind or resource.group, separated by commas')
    .option('-n, --namespace <names>', 'namespaces or patterns, separated by commas')
    .option('--name <pattern>', 'a name, or a pattern such as "web-*"')
    .option('--limit <count>', 'show at most so many; all by default', count);
}

/** Prints nothing but what a script may read; that the list was cut goes to standard error. */
export function warnOfMore({ metadata }: { readonly metadata: { readonly continue?: string } }) {
  if (metadata.continue !== undefined) {
    process.stderr.write('there are more items; --limit has cut the list\n');
  }
}

/** The parameters of a request that are given. */
export function present(
  query: Readonly<Record<string, string | undefined>>,
): Record<string, string> {
  const given: Record<string, string> = {};
  for (const [name, value] of Object.entries(query)) {
    if (value !== undefined) {
      given[name] = value;
    }
  }
  return given;
}

function count(text: string): number {
  if (!/^[1-9]\d{0,8}$/.test(text)) {
    throw new InvalidArgumentError('it must be a number from 1 on');
  }
  return Number(text);
}
