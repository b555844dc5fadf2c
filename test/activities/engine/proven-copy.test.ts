import { writeFile } from 'node:fs/promises';
import { join } from 'node:path';

import { expect, test } from 'vitest';

import type { EngineProgress, VolumeEngine } from '../../../activities/engine/port.ts';
import { makeProvenCopy } from '../../../activities/engine/proven-copy.ts';
import { resticThat, VolumeFixture, volumeLabels } from '../../support/volume-fixture.ts';

// Goal: an engine that leaves something out is found out, and a volume that lives is not held against it.

const fixture = VolumeFixture.forFile();

test('refuses a copy without a file that is in the volume', async () => {
  const volume = await fixture.volume();
  await writeFile(join(volume, 'kept'), 'x');
  await writeFile(join(volume, 'dropped'), 'xyz');
  await new Promise((resolve) => setTimeout(resolve, 1100));
  const binary = await resticThat(fixture, { flags: '--exclude=dropped' });
  const request = {
    repository: await fixture.repository(),
    root: await fixture.root(volume),
    labels: volumeLabels(),
    isReadBack: false,
  };
  const copy = makeProvenCopy(fixture.engine({ binary }), request, fixture.run());
  await expect(copy).rejects.toMatchObject({
    code: 'copy-mismatch',
    message: 'the copy holds 1 files of 1 bytes, and the volume 2 files of 4 bytes',
  });
});

test('tolerates what comes and goes while a volume is copied', async () => {
  const volume = await fixture.volume();
  await writeFile(join(volume, 'still'), 'x');
  await writeFile(join(volume, 'removed'), 'xyz');
  await new Promise((resolve) => setTimeout(resolve, 1100));
  const binary = await resticThat(fixture, {
    before: 'rm removed; echo 1 > new; echo 2 > passing',
    after: 'rm passing; echo 3 > late; echo 4 > later',
  });
  const request = {
    repository: await fixture.repository(),
    root: await fixture.root(volume),
    labels: volumeLabels(),
    isReadBack: false,
  };
  const proven = await makeProvenCopy(fixture.engine({ binary }), request, fixture.run());
  expect(proven).toMatchObject({
    copy: { outcome: 'Complete', snapshot: { files: 3 } },
    proof: { level: 'Counts', counts: 'Live', walkedFiles: 4 },
  });
});

test('shows the size of the copy while that is read back, of which the engine tells nothing', async () => {
  const volume = await fixture.volume();
  await writeFile(join(volume, 'kept'), 'xyz');
  await new Promise((resolve) => setTimeout(resolve, 1100));
  const readBack: VolumeEngine['readBack'] = (_, { onProgress }) => {
    const nothing = { filesDone: 0, filesTotal: 0, bytesDone: 0, bytesTotal: 0, errorCount: 0 };
    onProgress?.({ phase: 'ReadingBack', ...nothing });
    return Promise.resolve('All');
  };
  const quiet = Object.assign(fixture.engine(), { readBack });
  const request = {
    repository: await fixture.repository(),
    root: await fixture.root(volume),
    labels: volumeLabels(),
    isReadBack: true,
  };
  const seen: EngineProgress[] = [];
  const onProgress = (progress: EngineProgress) => void seen.push(progress);
  await makeProvenCopy(quiet, request, { ...fixture.run(), onProgress });
  expect(seen.at(-1)).toMatchObject({
    ...{ phase: 'ReadingBack', filesDone: 1, filesTotal: 1, bytesDone: 3, bytesTotal: 3 },
  });
});
