import { type Command, InvalidArgumentError, Option } from 'commander';

import { type Fields, isMapping } from '../domain/fields.ts';
import { present } from './item-flags.ts';
import { parseObject, readSource } from './yaml-object.ts';

/** Flags that say what a location is. */
export interface LocationFlags {
  readonly file?: string;
  readonly provider?: string;
  readonly bucket?: string;
  readonly prefix?: string;
  readonly region?: string;
  readonly endpoint?: string;
  readonly path?: string;
  readonly caFile?: string;
  readonly set?: Fields;
  readonly default?: true;
}

export function withLocationFields(command: Command): Command {
  return command
    .option('-f, --file <file>', 'fields of the spec as YAML or JSON; - is standard input')
    .addOption(new Option('--provider <provider>', 's3 when left out').choices(['s3', 'folder']))
    .option('--bucket <bucket>', 'name of the bucket')
    .option('--prefix <prefix>', 'prefix of all keys in the bucket')
    .option('--region <region>', 'region of the bucket')
    .option('--endpoint <url>', 'URL of the server; AWS when left out')
    .option('--path <folder>', 'absolute path, of the provider folder')
    .option('--ca-file <file>', 'PEM file, as the processes of Holdfast see it')
    .option('--set <field=value>', 'any other field; the value is JSON or text', addField)
    .option('--default', 'mean it where requests name no location');
}

/** The fields of a file, and what flags say instead of it. Throws `invalid-request` for a file that cannot be read. */
export async function locationSpec(options: LocationFlags): Promise<Fields> {
  return { provider: 's3', ...(await locationFields(options)) };
}

/** The same, and nothing that nobody has said. */
export async function locationFields(options: LocationFlags): Promise<Fields> {
  const file = await fileFields(options.file);
  const { provider, bucket, prefix, region, endpoint, path, caFile } = options;
  const flags = present({ provider, bucket, prefix, region, endpoint, path, caFile });
  const isDefault = options.default === true ? { isDefault: true } : {};
  return { ...file, ...flags, ...options.set, ...isDefault };
}

/** Takes the fields themselves, or a StorageLocation that has them in its `spec`. */
async function fileFields(file: string | undefined): Promise<Fields> {
  if (file === undefined) {
    return {};
  }
  const { content, source } = await readSource(file);
  const object = parseObject(content, source);
  return isMapping(object['spec']) ? object['spec'] : object;
}

function addField(text: string, fields: Fields = {}): Fields {
  const [, name = '', value = ''] = /^([A-Za-z]+)=(.*)$/s.exec(text) ?? [];
  if (name === '') {
    throw new InvalidArgumentError(
      'must be a field, "=", and its value, such as storageClass=GLACIER_IR.',
    );
  }
  return { ...fields, [name]: jsonOrText(value) };
}

function jsonOrText(text: string): unknown {
  try {
    return JSON.parse(text) as unknown;
  } catch {
    return text;
  }
}
