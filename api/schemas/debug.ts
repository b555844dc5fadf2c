import { Type } from 'typebox';

import { LabelName, RunName, STRICT } from './run.ts';

export const DebugQuery = Type.Object(
  {
    cluster: Type.Optional(LabelName),
    location: Type.Optional(LabelName),
    backup: Type.Optional(RunName),
    restore: Type.Optional(RunName),
  },
  STRICT,
);

export const BundleSchema = Type.String({ format: 'binary' });
