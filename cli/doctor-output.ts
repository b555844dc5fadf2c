import type { CheckResult, DiagnosisResource } from '../domain/diagnosis/checks.ts';

/** A diagnosis, and what stands for one where nobody made it: without the cluster, if none was named. */
export type Diagnosis = Omit<DiagnosisResource, 'cluster'> &
  Partial<Pick<DiagnosisResource, 'cluster'>>;

const WORDS: Readonly<Record<CheckResult, string>> = {
  Ok: 'ok',
  Warning: 'warning',
  Failed: 'failed',
};
const WIDTH = 9;

/** A line for each check, with what to do about it, for people. */
export function doctorText({ checks, cluster }: Diagnosis): string {
  const lines = checks.map(({ name, subject, result, message, advice }) => {
    const what = subject === undefined ? name : `${name} ${subject}`;
    const todo = advice === undefined ? '' : `; ${advice}`;
    return `${WORDS[result].padEnd(WIDTH)}${what}: ${message}${todo}\n`;
  });
  const count = (result: CheckResult): string =>
    String(checks.filter((check) => check.result === result).length);
  const sum = `${count('Ok')} ok, ${count('Warning')} warnings, ${count('Failed')} failed`;
  // An API that is away has not said which cluster is its own.
  const where = cluster === undefined ? '' : `cluster ${cluster}: `;
  return `${lines.join('')}${where}${sum}\n`;
}
