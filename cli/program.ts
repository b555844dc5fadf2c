import { Command } from 'commander';

import { RELEASE } from '../domain/release.ts';

/** What there are several of, with the names that Velero has for them. */
const NOUNS = [
  {
    ...{ name: 'backup', plural: 'backups', aliases: [] },
    load: async () => {
      const [{ backupCommand }, { withContents }] = await Promise.all([
        import('./run-commands.ts'),
        import('./contents-commands.ts'),
      ]);
      return withContents(backupCommand());
    },
  },
  {
    ...{ name: 'restore', plural: 'restores', aliases: [] },
    load: async () => (await import('./run-commands.ts')).restoreCommand(),
  },
  {
    ...{ name: 'schedule', plural: 'schedules', aliases: [] },
    load: async () => (await import('./schedule-commands.ts')).scheduleCommand(),
  },
  {
    ...{ name: 'location', plural: 'locations', aliases: ['backup-location', 'backup-locations'] },
    load: async () => (await import('./location-commands.ts')).locationCommand(),
  },
  {
    ...{ name: 'plugin', plural: 'plugins', aliases: [] },
    load: async () => (await import('./plugin-commands.ts')).pluginCommand(),
  },
  {
    ...{ name: 'namespace', plural: 'namespaces', aliases: ['ns'] },
    load: async () => (await import('./namespace-command.ts')).namespaceCommand(),
  },
  {
    ...{ name: 'volume', plural: 'volumes', aliases: [] },
    load: async () => (await import('./volume-command.ts')).volumeCommand(),
  },
  {
    ...{ name: 'notification', plural: 'notifications', aliases: [] },
    load: async () => (await import('./notification-commands.ts')).notificationCommand(),
  },
] as const;

/** Verbs that may come before a noun, as in Velero and kubectl: `get backups`, `create backup`, `logs backup`. */
const VERBS = ['get', 'create', 'describe', 'delete', 'logs'] as const;
type Verb = (typeof VERBS)[number];

/** All else. Each is loaded when it is needed, as loading takes most of the time of a short command. */
const OTHERS: Readonly<Record<string, () => Promise<Command>>> = {
  reconcile: async () => (await import('./reconcile-command.ts')).reconcileCommand(),
  keys: async () => (await import('./keys-command.ts')).keysCommand(),
  recover: async () => (await import('./recover-command.ts')).recoverCommand(),
  status: async () => (await import('./status-commands.ts')).statusCommand(),
  doctor: async () => (await import('./doctor-command.ts')).doctorCommand(),
  debug: async () => (await import('./debug-command.ts')).debugCommand(),
  version: async () => (await import('./status-commands.ts')).versionCommand(),
  dev: async () => (await import('./dev/command.ts')).devCommand(),
  completion: async () => (await import('./completion/command.ts')).completionCommand(buildProgram),
};

/** The commands, or only the one that begins with a word, if there is one. */
export async function buildProgram(first?: string): Promise<Command> {
  const all = [
    ...NOUNS.map((noun) => [[noun.name, ...noun.aliases], () => nounCommand(noun)] as const),
    ...Object.entries(OTHERS).map(([name, load]) => [[name], load] as const),
    ...VERBS.map((verb) => [[verb], () => verbCommand(verb)] as const),
  ];
  const wanted = all.filter(([names]) => names.some((name) => name === first));
  const commands = await Promise.all(
    (wanted.length === 0 ? all : wanted).map(([, load]) => load()),
  );
  const program = new Command('holdfast')
    .description('durable backup and restore for Kubernetes')
    .version(RELEASE);
  for (const command of commands) {
    program.addCommand(command);
  }
  return overrideExit(program);
}

async function nounCommand({ load, aliases }: (typeof NOUNS)[number]): Promise<Command> {
  const command = await load();
  command.commands.find((one) => one.name() === 'get')?.alias('list');
  return command.aliases([...aliases]);
}

async function verbCommand(verb: Verb): Promise<Command> {
  const command = new Command(verb).description(`as in Velero: holdfast ${verb} backup`);
  for (const { name, plural, aliases, load } of NOUNS) {
    const one = (await load()).commands.find((each) => each.name() === verb);
    if (one !== undefined) {
      command.addCommand(one.name(name).aliases([plural, ...aliases]));
    }
  }
  return command;
}

/** Subcommands must throw like the program does, so that every wrong flag ends with the same status. */
function overrideExit(command: Command): Command {
  command.exitOverride();
  command.commands.forEach(overrideExit);
  return command;
}
