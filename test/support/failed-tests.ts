import type { Reporter, TestCase, TestModule } from 'vitest/node';

/** Longest part of a message that is shown. */
const LENGTH_MAX = 200;

/** Ends the output of a run with a line for each test, and each file, that has failed: their messages may be far above. */
export default class FailedTests implements Reporter {
  onTestRunEnd(modules: readonly TestModule[]): void {
    const lines = modules.flatMap((one) => [
      ...one.errors().map(({ message }) => line(one.relativeModuleId, message)),
      ...[...one.children.allTests('failed')].map((test) => line(nameOf(test), messageOf(test))),
    ]);
    if (lines.length > 0) {
      process.stdout.write(`\n${lines.join('')}`);
    }
  }
}

function nameOf(test: TestCase): string {
  return `${test.module.relativeModuleId} > ${test.fullName}`;
}

function messageOf(test: TestCase): string {
  return test.result().errors?.[0]?.message ?? '';
}

function line(name: string, message: string): string {
  const [first = ''] = message.split('\n');
  return `failed: ${name}: ${first.slice(0, LENGTH_MAX)}\n`;
}
