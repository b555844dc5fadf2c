import {
  DescribePluginSchema,
  ItemsAnswerSchema,
  ItemsCallSchema,
  OperationsAnswerSchema,
  OperationsCallSchema,
  PluginDescriptionSchema,
} from './contract.ts';
import { OPERATION_RUNNING, PLUGIN_ACTIVITIES, PLUGIN_FAILURE } from './contract-v1.ts';

const ANYTHING = { description: 'Is not looked at.' };

const SCHEMAS = {
  DescribePlugin: DescribePluginSchema,
  PluginDescription: PluginDescriptionSchema,
  ItemsCall: ItemsCallSchema,
  ItemsAnswer: ItemsAnswerSchema,
  OperationsCall: OperationsCallSchema,
  OperationsAnswer: OperationsAnswerSchema,
};
type SchemaName = keyof typeof SCHEMAS;

/** Argument and answer of each activity. */
const ACTIVITIES: Readonly<
  Record<(typeof PLUGIN_ACTIVITIES)[number], { argument: SchemaName; answer?: SchemaName }>
> = {
  describePlugin: { argument: 'DescribePlugin', answer: 'PluginDescription' },
  backupItems: { argument: 'ItemsCall', answer: 'ItemsAnswer' },
  restoreItems: { argument: 'ItemsCall', answer: 'ItemsAnswer' },
  operationStatus: { argument: 'OperationsCall', answer: 'OperationsAnswer' },
  cancelOperation: { argument: 'OperationsCall' },
  deleteBackup: { argument: 'OperationsCall' },
};

/** The contract as one JSON Schema document (2020-12): what each activity takes and gives, by its name. */
export function pluginContract(): unknown {
  const reference = (name: SchemaName) => ({ $ref: `#/$defs/${name}` });
  return {
    $schema: 'https://json-schema.org/draft/2020-12/schema',
    $id: 'https://holdfast.dev/schemas/plugin-contract-v1.json',
    title: 'Holdfast plugin contract v1',
    description: `Activities of a plugin. While an operation runs, operationStatus fails with the type ${OPERATION_RUNNING}. The message of a failure is told to people only if its type is ${PLUGIN_FAILURE}.`,
    activities: Object.fromEntries(
      PLUGIN_ACTIVITIES.map((name) => {
        const { argument, answer } = ACTIVITIES[name];
        const given = answer === undefined ? ANYTHING : reference(answer);
        return [name, { argument: reference(argument), answer: given }];
      }),
    ),
    $defs: SCHEMAS,
  };
}
