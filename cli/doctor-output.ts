import type { CheckResult, DiagnosisResource } from '../domain/diagnosis/checks.ts';

const WORDS: Readonly<Record<CheckResult, string>> = {
  Ok: 'ok',
  Warning: 'warning',
  Failed: 'failed',
};
const WIDTH = 9;

/** A line for each check, with what to do about it, for people. */
export function doctorText({ checks, cluster }: DiagnosisResource): string {
  const lines = checks.map(({ name, subject, result, message, advice }) => {
    const what = subject === undefined ? name : `${name} ${subject}`;
    const todo = advice === undefined ? '' : `; ${advice}`;
    return `${WORDS[result].padEnd(WIDTH)}${what}: ${message}${todo}\n`;
  });
  const count = (result: CheckResult): string =>
    String(checks.filter((check) => check.result === result).length);
  const sum = `${count('Ok')} ok, ${count('Warning')} warnings, ${count('Failed')} failed`;
  return `${lines.join('')}cluster ${cluster}: ${sum}\n`;
}
