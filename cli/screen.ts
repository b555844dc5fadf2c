import type { RunVolume } from '../domain/api-resource.ts';
import { volumeBars, volumeLine } from './volume-lines.ts';

/** Pause between two lines that say the same with other numbers, where nothing can be redrawn. */
const LINE_PAUSE_MS = 10_000;
/** Volumes that are shown at the same time; the others are in the numbers. */
const VOLUMES_MAX = 8;
const DEFAULT_COLUMNS = 80;

/** Where people see how far a run is. */
export interface Screen {
  show(text: string, volumes?: readonly RunVolume[]): void;
  end(): void;
}

/** What a screen is drawn on. */
export interface Paper {
  readonly isTTY?: boolean;
  readonly columns?: number;
  write(text: string): unknown;
}

/** Where nothing is to be said. */
export const NO_SCREEN: Screen = { show: () => undefined, end: () => undefined };

/** On a terminal lines that are drawn again and again, with bars; elsewhere lines one after the other. */
export function openScreen(paper: Paper): Screen {
  return paper.isTTY === true ? liveLines(paper) : changedLines(paper);
}

function liveLines(paper: Paper): Screen {
  let drawn = 0;
  return {
    show: (text, volumes = []) => {
      const width = (paper.columns ?? 0) || DEFAULT_COLUMNS;
      const more = volumes.length - VOLUMES_MAX;
      const lines = [
        text,
        ...volumeBars(volumes.slice(0, VOLUMES_MAX)),
        ...(more > 0 ? [`and ${String(more)} more`] : []),
      ].map((line) => line.slice(0, width - 1));
      // Back to the first line that was drawn, and all from there on removed.
      const back = drawn > 1 ? `\u001b[${String(drawn - 1)}A` : '';
      paper.write(`\r${back}\u001b[J${lines.join('\n')}`);
      drawn = lines.length;
    },
    end: () => {
      paper.write('\n');
    },
  };
}

/** A line when the phase or step changes, or what happens to a volume, and now and then. */
function changedLines(paper: Paper): Screen {
  let shownAt = 0;
  let head = '';
  return {
    show: (text, volumes = []) => {
      const [phase, step] = text.split(', ');
      const states = volumes.map(({ name, state, phase: work }) => `${name} ${work ?? state}`);
      const next = [phase, step, ...states].join();
      if (next !== head || Date.now() - shownAt > LINE_PAUSE_MS) {
        const lines = volumes.slice(0, VOLUMES_MAX).map((volume) => `  ${volumeLine(volume)}`);
        paper.write(`${[text, ...lines].join('\n')}\n`);
        head = next;
        shownAt = Date.now();
      }
    },
    end: () => undefined,
  };
}
