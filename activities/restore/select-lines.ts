import type { IndexLine } from '../../domain/backup-index.ts';
import { fields } from '../../domain/fields.ts';
import type { KubernetesObject } from '../../domain/item.ts';
import { backupKeys } from '../../domain/object-key.ts';
import { readIndex } from '../../storage/format/index-file.ts';
import { type ReadBody, readBodies } from '../../storage/format/read-bodies.ts';
import { RestoreSorter, type VolumeBinding } from './restore-sorter.ts';
import type { IndexSurvey } from './survey-index.ts';
import type { IndexSource } from './survey-types.ts';

export interface SelectionSource extends IndexSource {
  readonly survey: IndexSurvey;
  /** Told how many lines of the index were looked at. */
  readonly onRead: (lines: number) => void;
}

/**
 * Gives every line of a backup's index that a restore takes, with the position of its wave, and lastly the sorter, which
 * knows what was left out. Holds no line but those that others decide about. Reads the index once, and once more with
 * the bodies of the restored pods if there is something that only they may bring.
 */
export async function selectLines(
  source: SelectionSource,
  take: (line: IndexLine, wave: number) => Promise<void>,
): Promise<RestoreSorter> {
  const { store, spec, signal, survey, onRead } = source;
  const { index } = backupKeys(spec.backupName);
  const sorter = new RestoreSorter(survey.filter, survey.versions);
  const addAll = async (lines: readonly IndexLine[]): Promise<void> => {
    for (const line of lines) {
      await take(line, survey.waves.positionOf(line));
    }
  };
  let linesDone = 0;
  for await (const lines of readIndex(store, index, { signal })) {
    await addAll(lines.filter((one) => sorter.takes(one)));
    linesDone += lines.length;
    onRead(linesDone);
  }
  if (sorter.asksPods) {
    for await (const lines of readIndex(store, index, { signal })) {
      const pods = lines.filter((one) => sorter.isRestoredPod(one));
      for await (const { line, object } of bodies(source, pods)) {
        sorter.seePod(line, object);
      }
    }
  }
  await addAll(sorter.neededByPods());
  const copied = new Set(survey.volumes.persistentVolumes);
  for await (const { line, object } of bodies(source, sorter.volumes)) {
    sorter.seeVolume(line, bindingOf(object, copied));
  }
  await addAll(sorter.related());
  return sorter;
}

function bodies(
  { store, spec, signal }: SelectionSource,
  lines: readonly IndexLine[],
): AsyncGenerator<ReadBody> {
  return readBodies(store, { archiveKey: backupKeys(spec.backupName).archive, lines, signal });
}

function bindingOf(volume: KubernetesObject, copied: ReadonlySet<string>): VolumeBinding {
  const spec = fields(volume['spec']);
  const claimUid = fields(spec['claimRef'])['uid'];
  return {
    claimUid: typeof claimUid === 'string' ? claimUid : '',
    isReprovisioned: spec['persistentVolumeReclaimPolicy'] === 'Delete',
    isCopied: copied.has(volume.metadata.name),
  };
}
