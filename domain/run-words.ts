import { code } from './run-details.ts';
import type { RunStatus, VolumeProgress } from './run-status.ts';
import { sizeText } from './size-text.ts';

/** Volumes of a batch that are told one by one. */
const LINES_MAX = 20;

/** What the Temporal UI shows of a run that is under way: what it does, and how far it is. Markdown. */
export function runWords(
  { phase, step, stepTimestamp, progress, volumes }: RunStatus,
  words: string,
): string {
  const { itemsDone, itemsTotal } = progress;
  return [
    `**${phase}** · ${words}`,
    '',
    `- Step: ${step}, since ${stepTimestamp}`,
    ...(itemsTotal === 0 ? [] : [`- Items: ${String(itemsDone)} of about ${String(itemsTotal)}`]),
    ...(volumes === undefined ? [] : [volumesLine(volumes)]),
  ].join('\n');
}

function volumesLine({ total, batches, ended }: NonNullable<RunStatus['volumes']>): string {
  const { done, failed, files, bytes } = ended;
  return [
    `- Volumes: ${String(done)} of ${String(total)} moved`,
    ...(failed === 0 ? [] : [`${String(failed)} failed`]),
    ...(done === 0 ? [] : [`${String(files)} files, ${sizeText(bytes)}`]),
    `in ${String(batches)} batches`,
  ].join(', ');
}

/** The same of a batch of volumes: those that are not done, and what they wait for. Markdown. */
export function batchWords(volumes: readonly VolumeProgress[]): string {
  const count = (which: VolumeProgress['state']): number =>
    volumes.filter(({ state }) => state === which).length;
  const [done, failed] = [count('Done'), count('Failed')];
  const left = volumes.filter(({ state }) => state !== 'Done' && state !== 'Failed');
  const more = left.length - LINES_MAX;
  return [
    `**${String(done)} of ${String(volumes.length)}** volumes moved, ${String(failed)} failed`,
    '',
    ...left.slice(0, LINES_MAX).map(volumeLine),
    ...(more > 0 ? [`- and ${String(more)} more`] : []),
  ].join('\n');
}

function volumeLine({ name, state, node, waitingFor }: VolumeProgress): string {
  const { reason, since, deadline } = waitingFor ?? {};
  return [
    `- ${code(name)}: ${state}${node === undefined ? '' : ` on ${code(node)}`}`,
    ...(reason === undefined ? [] : [reason]),
    ...(since === undefined ? [] : [`since ${since}`]),
    ...(deadline === undefined ? [] : [`until ${deadline} at the latest`]),
  ].join(', ');
}
