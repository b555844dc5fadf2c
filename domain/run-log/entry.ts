import { type Static, Type } from 'typebox';

import { PHASES, type Phase } from '../phase.ts';
import { LOG_LEVELS } from './level.ts';

/** Whose words a line has. */
const LOG_SOURCES = ['holdfast', 'hook', 'engine', 'plugin'] as const;
export type LogSource = (typeof LOG_SOURCES)[number];

const text = (description: string) => Type.Optional(Type.String({ description }));
const oneOf = <Word extends string>(words: readonly Word[], description: string) =>
  Type.Unsafe<Word>(Type.String({ enum: [...words], description }));

/** A line of the log of a run: one source for the type, the schema of the API and what is stored. */
export const RunLogEntrySchema = Type.Object(
  {
    time: Type.String({ description: 'RFC 3339, with milliseconds, by the clock of its writer.' }),
    level: oneOf(LOG_LEVELS, 'How grave it is.'),
    source: oneOf(LOG_SOURCES, 'Whose words these are.'),
    step: Type.String({ description: 'The activity of the run, or the step that a phase is of.' }),
    message: Type.String(),
    code: text('Of docs/operations.md, where something failed.'),
    object: text('What it is about, as failures name it.'),
    cause: text('What was at the bottom of it.'),
    hint: text('What to do about it.'),
    phase: Type.Optional(
      oneOf(Object.keys(PHASES) as readonly Phase[], 'The phase that begins here.'),
    ),
    attempt: Type.Optional(Type.Integer({ description: 'Which one, where it is not the first.' })),
    node: text('The node whose agent tells it.'),
    leftOut: Type.Optional(Type.Integer({ description: 'How many lines the log lacks.' })),
  },
  { description: 'A line of the log of a run.' },
);

export type RunLogEntry = Readonly<Static<typeof RunLogEntrySchema>>;
