import { stripVTControlCharacters } from 'node:util';

import type { Reporter, TestCase, TestModule } from 'vitest/node';

/** Longest parts of a message that are shown: what a command was, and what it said last. */
const BEGINNING_MAX = 100;
const END_MAX = 400;

/**
 * Ends the output of a run with a line for each test, and each file, that has failed: their messages may be far above. The
 * first of a file tells most, since those after it often fail for want of what it was to make.
 */
export default class FailedTests implements Reporter {
  onTestRunEnd(modules: readonly TestModule[]): void {
    const lines = modules.flatMap((one) =>
      failuresOf(one).map(
        ([name, message], place) => `failed: ${name}: ${excerpt(message, place === 0)}\n`,
      ),
    );
    if (lines.length > 0) {
      process.stdout.write(`\n${lines.join('')}`);
    }
  }
}

function failuresOf(module: TestModule): [string, string][] {
  return [
    ...module.errors().map(({ message }): [string, string] => [module.relativeModuleId, message]),
    ...[...module.children.allTests('failed')].map((test): [string, string] => [
      `${module.relativeModuleId} > ${test.fullName}`,
      messageOf(test),
    ]),
  ];
}

function messageOf(test: TestCase): string {
  return test.result().errors?.[0]?.message ?? '';
}

/** A message in one line, of a long one how it begins and, on demand, how it ends. */
export function excerpt(message: string, hasEnd: boolean): string {
  const text = stripVTControlCharacters(message).replaceAll(/\s+/g, ' ').trim();
  const endMax = hasEnd ? END_MAX : 0;
  if (text.length <= BEGINNING_MAX + endMax) {
    return text;
  }
  return `${text.slice(0, BEGINNING_MAX)} … ${text.slice(text.length - endMax)}`.trim();
}
