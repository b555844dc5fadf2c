import { promisify } from 'node:util';
import { gzip } from 'node:zlib';

import type { IndexLine } from '../../domain/backup-index.ts';
import { apiVersionOf } from '../../domain/item.ts';

const compress = promisify(gzip);

/** Characters that are gathered before they are compressed. */
const CHUNK_LENGTH = 256 * 1024;

/**
 * Velero's resource list, `{"v1/ConfigMap":["shop/settings"]}`, from the lines of an index in their order, as
 * gzip members. The items of one type must follow each other, which they do in every index.
 */
export async function* encodeResourceList(
  batches: AsyncIterable<readonly IndexLine[]>,
): AsyncGenerator<Buffer> {
  let text = '{';
  let present: string | undefined;
  for await (const batch of batches) {
    for (const line of batch) {
      const type = `${apiVersionOf(line)}/${line.kind}`;
      const name = line.namespace === '' ? line.name : `${line.namespace}/${line.name}`;
      const start = present === undefined ? '' : '],';
      text += type === present ? ',' : `${start}${JSON.stringify(type)}:[`;
      text += JSON.stringify(name);
      present = type;
    }
    if (text.length >= CHUNK_LENGTH) {
      yield await compress(text);
      text = '';
    }
  }
  yield await compress(`${text}${present === undefined ? '' : ']'}}`);
}
