import { Command } from 'commander';

import { API_VERSION } from '../domain/api-resource.ts';
import { ConnectionError } from './connection/contract.ts';
import { UnreachableError } from './client/errors.ts';
import { type Diagnosis, doctorText } from './doctor-output.ts';
import { EXIT, exitCodeOfChecks } from './exit-codes.ts';
import { clientOf, type GlobalOptions, withApi, withNamelessOutput } from './global-options.ts';
import { print } from './output/print.ts';

interface DoctorOptions extends Omit<GlobalOptions, 'location'> {
  readonly cluster?: string;
}

/** `doctor`: looks at all that backups of a cluster need. */
export function doctorCommand(): Command {
  return withNamelessOutput(withApi(new Command('doctor')))
    .description('look at all that backups need, and say what to do about what is wrong')
    .option('--cluster <name>', 'the cluster, by the name that its workers serve')
    .action(async (options: DoctorOptions) => {
      const { diagnosis, exitCode } = await diagnose(options);
      print(diagnosis, options, { text: () => doctorText(diagnosis) });
      process.exitCode = exitCode;
    });
}

async function diagnose(
  options: DoctorOptions,
): Promise<{ diagnosis: Diagnosis; exitCode: number }> {
  try {
    const diagnosis = await clientOf(options).installation.diagnose(options.cluster);
    return { diagnosis, exitCode: exitCodeOfChecks(diagnosis.result) };
  } catch (error) {
    const isAway = error instanceof UnreachableError || error instanceof ConnectionError;
    if (!isAway) {
      throw error;
    }
    return { diagnosis: withoutApi(options, error.message), exitCode: EXIT.error };
  }
}

function withoutApi({ cluster }: DoctorOptions, message: string): Diagnosis {
  const advice = 'start the API, or name another with --server or HOLDFAST_SERVER';
  return {
    ...{ apiVersion: API_VERSION, kind: 'Diagnosis', result: 'Failed' },
    ...(cluster === undefined ? {} : { cluster }),
    checks: [
      {
        name: 'Api',
        result: 'Failed',
        message: withoutUser(message),
        advice,
      },
    ],
  };
}

function withoutUser(text: string): string {
  return text.replace(/(?<=:\/\/)[^/]*@/, '');
}
