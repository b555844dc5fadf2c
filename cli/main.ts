import { Command, CommanderError } from 'commander';

import { RELEASE } from '../domain/release.ts';
import { ProblemError } from './client/errors.ts';
import { withContents } from './contents-commands.ts';
import { devCommand } from './dev/command.ts';
import { debugCommand } from './debug-command.ts';
import { doctorCommand } from './doctor-command.ts';
import { closeConnections } from './connection/connection.ts';
import { ConnectionError } from './connection/contract.ts';
import { EXIT, exitCodeOfProblem } from './exit-codes.ts';
import { keysCommand } from './keys-command.ts';
import { locationCommand } from './location-commands.ts';
import { notificationCommand } from './notification-commands.ts';
import { problemText } from './problem-text.ts';
import { pluginCommand } from './plugin-commands.ts';
import { recoverCommand } from './recover-command.ts';
import { reconcileCommand } from './reconcile-command.ts';
import { backupCommand, restoreCommand } from './run-commands.ts';
import { statusCommand, versionCommand } from './status-commands.ts';
import { scheduleCommand } from './schedule-commands.ts';
import { WaitTimeoutError } from './wait.ts';

function buildProgram(): Command {
  return new Command('holdfast')
    .description('durable backup and restore for Kubernetes')
    .version(RELEASE)
    .exitOverride()
    .addCommand(withContents(backupCommand()))
    .addCommand(restoreCommand())
    .addCommand(scheduleCommand())
    .addCommand(pluginCommand())
    .addCommand(locationCommand())
    .addCommand(notificationCommand())
    .addCommand(reconcileCommand())
    .addCommand(keysCommand())
    .addCommand(recoverCommand())
    .addCommand(statusCommand())
    .addCommand(doctorCommand())
    .addCommand(debugCommand())
    .addCommand(versionCommand())
    .addCommand(devCommand());
}

/** Subcommands must throw like the program does, so that every wrong flag ends with the same status. */
function overrideExit(command: Command): Command {
  command.exitOverride();
  command.commands.forEach(overrideExit);
  return command;
}

function exitCodeOfError(error: unknown): number {
  if (error instanceof CommanderError) {
    return error.exitCode === 0 ? EXIT.ok : EXIT.usage;
  }
  if (error instanceof ProblemError) {
    process.stderr.write(
      process.argv.some((argument) => /^(-o=?|--output=)?json$/.test(argument))
        ? `${JSON.stringify(error.problem)}\n`
        : problemText(error.problem),
    );
    return exitCodeOfProblem(error.problem);
  }
  process.stderr.write(`error: ${error instanceof Error ? error.message : String(error)}\n`);
  if (error instanceof ConnectionError) {
    return exitCodeOfProblem(error);
  }
  return error instanceof WaitTimeoutError ? EXIT.timedOut : EXIT.error;
}

// Whoever reads the output may have seen enough: `holdfast backup get | head -1`.
process.stdout.on('error', (error: NodeJS.ErrnoException) => {
  process.exit(error.code === 'EPIPE' ? EXIT.ok : EXIT.error);
});

try {
  await overrideExit(buildProgram()).parseAsync();
} catch (error) {
  process.exitCode = exitCodeOfError(error);
} finally {
  await closeConnections();
}
