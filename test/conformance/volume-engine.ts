import { execFileSync } from 'node:child_process';
import { chmod, chown, mkdir, readFile, rm, stat, utimes, writeFile } from 'node:fs/promises';
import { join } from 'node:path';

import { beforeAll, describe, expect, test } from 'vitest';

import type { RepositoryAccess, VolumeEngine } from '../../activities/engine/port.ts';
import { makeProvenCopy } from '../../activities/engine/proven-copy.ts';
import { describeTree, makeOddTree } from '../support/odd-tree.ts';
import { type VolumeFixture, volumeLabels } from '../support/volume-fixture.ts';

/** What is tested, and where it keeps what it copies. */
export interface EngineUnderTest {
  readonly engine: VolumeEngine;
  /** A place without a repository. */
  readonly repository: RepositoryAccess;
}

/** What every engine must do with every kind of location. */
export function volumeEngineSuite(
  name: string,
  fixture: VolumeFixture,
  open: () => Promise<EngineUnderTest>,
): void {
  describe(`the engine with ${name}`, () => {
    let engine: VolumeEngine;
    let repository: RepositoryAccess;
    let source: string;
    const labels = volumeLabels();

    beforeAll(async () => {
      ({ engine, repository } = await open());
      source = await fixture.volume();
      makeOddTree(source);
      await chown(source, 999, 998);
      await chmod(source, 0o2770);
      await utimes(source, 1_500_000_000, 1_500_000_000);
    });

    test('has nothing to say of a repository that is not there', async () => {
      const run = fixture.run();
      expect(await engine.snapshots({ repository, clusterUid: 'x' }, run)).toEqual([]);
      const root = await fixture.root(await fixture.volume());
      const attributes = { mode: 0o755, uid: 0, gid: 0, mtime: '0.000000000', xattrs: {} };
      const request = { repository, root, snapshotId: 'a'.repeat(64), attributes };
      await expect(engine.restore(request, run)).rejects.toMatchObject({
        code: 'repository-missing',
      });
    });

    test('gives back a tree as it was: names, types, owners, modes, times, links, attributes, data', async () => {
      const root = await fixture.root(source);
      const request = { repository, root, labels, isReadBack: true };
      const { copy, proof } = await makeProvenCopy(engine, request, fixture.run());
      expect(proof).toMatchObject({ level: 'ReadBack', counts: 'Equal', readBack: 'All' });
      if (copy.outcome !== 'Complete') {
        throw new Error(`the outcome is ${copy.outcome}`);
      }
      const { snapshotId } = copy.snapshot;
      const attributes = copy.root;

      const target = await fixture.volume();
      const restore = { repository, root: await fixture.root(target), snapshotId, attributes };
      const restored = await engine.restore(restore, fixture.run());
      expect(restored).toEqual({
        outcome: 'Complete',
        bytes: expect.any(Number) as number,
        errorCount: 0,
        errors: [],
        isDamaged: false,
        rootDifferences: [],
      });
      expect(describeTree(target)).toEqual(describeTree(source));
      const { blocks } = await stat(join(target, 'sparse'));
      expect(blocks * 512).toBeLessThan(1024 * 1024);

      // An attempt that was cut off left a half of it: some files wrong, one of them with a second name.
      await rm(join(target, 'folder', 'deep', 'deeper'), { recursive: true });
      const data = await readFile(join(target, 'data'));
      await writeFile(join(target, 'data'), data.fill(0, 1000, 2_000_000));
      await writeFile(join(target, 'tool'), 'not what it was');
      execFileSync('ln', ['-sfn', 'elsewhere', join(target, 'link')]);
      expect(await engine.restore(restore, fixture.run())).toMatchObject({ outcome: 'Complete' });
      expect(describeTree(target)).toEqual(describeTree(source));
    });

    test('reads back nothing again of a volume without a change', async () => {
      const root = await fixture.root(source);
      const next = { ...labels, runUid: 'run-unchanged' };
      const request = { repository, root, labels: next, isReadBack: true };
      const { copy, proof } = await makeProvenCopy(engine, request, fixture.run());
      expect(copy).toMatchObject({
        outcome: 'Complete',
        snapshot: { filesChanged: 0, blobsAdded: 0, addedBytes: 0 },
      });
      expect(proof).toMatchObject({ level: 'ReadBack', counts: 'Equal', readBack: 'Unchanged' });
    });

    test('gives back a volume that was empty', async () => {
      const empty = await fixture.volume();
      await mkdir(join(empty, 'lost+found'), { mode: 0o700 });
      await chmod(empty, 0o1777);
      const request = { repository, root: await fixture.root(empty), isReadBack: true };
      const { copy, proof } = await makeProvenCopy(
        engine,
        { ...request, labels: volumeLabels() },
        fixture.run(),
      );
      expect([copy.outcome, proof.level]).toEqual(['Empty', 'ReadBack']);
      const target = await fixture.volume();
      const root = await fixture.root(target);
      const restore = { repository, root, attributes: copy.root };
      expect(await engine.restore(restore, fixture.run())).toMatchObject({ outcome: 'Complete' });
      expect((await stat(target)).mode & 0o7777).toBe(0o1777);
    });

    test('knows a snapshot that is not there, and another password', async () => {
      const root = await fixture.root(await fixture.volume());
      const attributes = { mode: 0o755, uid: 0, gid: 0, mtime: '0.000000000', xattrs: {} };
      const request = { repository, root, snapshotId: 'a'.repeat(64), attributes };
      await expect(engine.restore(request, fixture.run())).rejects.toMatchObject({
        code: 'snapshot-missing',
      });
      const other = { ...repository, password: 'of another master key' };
      await expect(engine.locks(other, fixture.run())).rejects.toMatchObject({
        code: 'repository-password',
      });
    });

    test('takes snapshots and locks out again, and finds the repository sound', async () => {
      const query = { repository, clusterUid: labels.clusterUid, volumeUid: labels.volumeUid };
      const [first, second] = await engine.snapshots(query, fixture.run());
      expect(second?.labels).toMatchObject({ run: 'run-unchanged', ns: 'shop', pvc: 'data' });
      const snapshotIds = [first?.facts.snapshotId ?? '', 'b'.repeat(64)];
      await engine.forget({ repository, snapshotIds }, fixture.run());
      expect(await engine.snapshots(query, fixture.run())).toEqual([second]);
      await engine.prune(repository, fixture.run());
      const check = { repository, readData: { part: 1, of: 1 } };
      expect(await engine.check(check, fixture.run())).toEqual({ errorCount: 0, damagedPacks: [] });
      await engine.unlock(repository, fixture.run());
      expect(await engine.locks(repository, fixture.run())).toEqual([]);
    });
  });
}
