import { CommanderError } from 'commander';

import { ProblemError } from './client/errors.ts';
import { closeConnections } from './connection/connection.ts';
import { ConnectionError } from './connection/contract.ts';
import { EXIT, exitCodeOfProblem } from './exit-codes.ts';
import { problemText } from './problem-text.ts';
import { buildProgram } from './program.ts';
import { WaitTimeoutError } from './wait-timeout.ts';

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
  const program = await buildProgram(process.argv[2]);
  await program.parseAsync();
} catch (error) {
  process.exitCode = exitCodeOfError(error);
} finally {
  await closeConnections();
}
