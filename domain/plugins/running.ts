import { fields, list } from '../fields.ts';

/** Whether a plugin says that one of its operations runs. Looks at nothing else: the answer is not checked. */
export function saysRunning(answer: unknown): boolean {
  return list(fields(answer)['operations']).some((status) => fields(status)['phase'] === 'Running');
}
