import { volumeEngineSuite } from '../../../conformance/volume-engine.ts';
import { VolumeFixture } from '../../../support/volume-fixture.ts';

const fixture = VolumeFixture.forFile();

volumeEngineSuite('a folder', fixture, () =>
  Promise.resolve({ engine: fixture.engine(), repository: fixture.access() }),
);
