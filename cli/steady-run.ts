import type { RunResource, RunVolume, RunVolumes } from '../domain/api-resource.ts';

/**
 * Keeps what is shown of a run from moving back: a copy that begins again after a failure, or a worker that counts anew,
 * leaves the numbers where they were until they are passed.
 */
export class SteadyRun {
  readonly #highest = new Map<string, number>();

  /** The run with no number below one that was shown before. */
  steady<Run extends RunResource>(run: Run): Run {
    const { progress, step = '', volumes } = run.status;
    const itemsDone = this.#atLeast(`items ${step}`, progress.itemsDone);
    return {
      ...run,
      status: {
        ...run.status,
        progress: { ...progress, itemsDone },
        ...(volumes === undefined ? {} : { volumes: this.#volumes(volumes) }),
      },
    };
  }

  #volumes(volumes: RunVolumes): RunVolumes {
    const { done, bytesDone, items } = volumes;
    return {
      ...volumes,
      done: this.#atLeast('volumes', done),
      bytesDone: this.#atLeast('bytes', bytesDone),
      ...(items === undefined ? {} : { items: items.map((volume) => this.#volume(volume)) }),
    };
  }

  /** By its share and not by its bytes, as their sum may grow while the engine looks at the volume. */
  #volume(volume: RunVolume): RunVolume {
    const { name, bytesDone = 0, bytesTotal = 0 } = volume;
    if (bytesTotal === 0) {
      return volume;
    }
    const share = this.#atLeast(`volume ${name}`, bytesDone / bytesTotal);
    return { ...volume, bytesDone: Math.max(bytesDone, Math.round(share * bytesTotal)) };
  }

  #atLeast(what: string, value: number): number {
    const highest = Math.max(value, this.#highest.get(what) ?? 0);
    this.#highest.set(what, highest);
    return highest;
  }
}
