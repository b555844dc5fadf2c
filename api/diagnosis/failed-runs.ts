import type { RunResource } from '../../domain/api-resource.ts';
import { isMapping } from '../../domain/fields.ts';

/** Failed runs whose log is told, and lines of each: the last. */
const RUNS_MAX = 3;
const LINES_MAX = 500;
/** Sources whose words are told; hooks and plugins may say anything. */
const TOLD_SOURCES: ReadonlySet<unknown> = new Set(['holdfast', 'engine']);
const FAILED: ReadonlySet<string> = new Set(['Failed', 'PartiallyFailed']);

/** How a bundle asks for the text of a log, by the path of the run and with a query. */
export type LookAtLog = (path: string, query: string) => Promise<string>;

/** The newest of some runs that failed, with the ends of their logs. They come newest first. */
export async function failedRuns(
  runs: readonly RunResource[],
  look: LookAtLog,
): Promise<readonly { readonly name: string; readonly phase: string; readonly log: unknown }[]> {
  const failed = runs.filter(({ status }) => FAILED.has(status.phase)).slice(0, RUNS_MAX);
  return Promise.all(
    failed.map(async ({ kind, metadata: { name, location }, status: { phase } }) => {
      const path = `/${kind === 'Backup' ? 'backups' : 'restores'}/${name}`;
      return { name, phase, log: await logOf(path, location, look) };
    }),
  );
}

/** The end of the log of a run, without the words of others; the problem, where it cannot be had. */
export async function logOf(path: string, location: string, look: LookAtLog): Promise<unknown> {
  const text = await look(path, `?location=${location}&tailLines=${String(LINES_MAX)}`);
  return text
    .split('\n')
    .filter((line) => line.trim() !== '')
    .map((line) => told(JSON.parse(line)));
}

function told(entry: unknown): unknown {
  const isOwn = !isMapping(entry) || !('source' in entry) || TOLD_SOURCES.has(entry['source']);
  return isOwn ? entry : { ...entry, message: 'left out: ask the API for the log of the run' };
}
