import { promisify } from 'node:util';
import { gunzip, gzip } from 'node:zlib';

import type { IndexItem } from '../../domain/backup-index.ts';
import { compareText } from '../../domain/compare-text.ts';
import { apiVersionOf } from '../../domain/item.ts';

const compress = promisify(gzip);
const decompress = promisify(gunzip);

/** Characters of one type's names that are gathered before they are compressed. */
const CHUNK_LENGTH = 64 * 1024;

/** The names of one type: sorted ones as they came, and those that came out of order. */
interface OpenType {
  readonly chunks: Promise<Buffer>[];
  /** JSON strings with commas between them, also to what is in the chunks. */
  text: string;
  last: string;
  readonly late: string[];
}

/**
 * Gathers Velero's resource list, `{"v1/ConfigMap":["shop/settings"]}`, types and names sorted, in its compressed form.
 * Names of a type mostly come sorted, and then only their compressed form is kept.
 */
export class ResourceListWriter {
  readonly #types = new Map<string, OpenType>();

  add(items: readonly IndexItem[]): void {
    for (const item of items) {
      const open = this.#typeOf(`${apiVersionOf(item)}/${item.kind}`);
      const name = item.namespace === '' ? item.name : `${item.namespace}/${item.name}`;
      if (open.last !== '' && name <= open.last) {
        open.late.push(name);
        continue;
      }
      open.text += `${open.last === '' ? '' : ','}${JSON.stringify(name)}`;
      open.last = name;
      if (open.text.length >= CHUNK_LENGTH) {
        open.chunks.push(compress(open.text));
        open.text = '';
      }
    }
  }

  /** The list as gzip members. */
  async finish(): Promise<Buffer> {
    const members: Buffer[] = [];
    let text = '{';
    const types = [...this.#types].sort(([left], [right]) => compareText(left, right));
    for (const [index, [type, open]] of types.entries()) {
      text += `${index === 0 ? '' : ','}${JSON.stringify(type)}:[`;
      if (open.late.length > 0) {
        text += await mergedNames(open);
      } else if (open.chunks.length === 0) {
        text += open.text;
      } else {
        members.push(await compress(text), ...(await Promise.all(open.chunks)));
        text = open.text;
      }
      text += ']';
    }
    members.push(await compress(`${text}}`));
    return Buffer.concat(members);
  }

  #typeOf(type: string): OpenType {
    const known = this.#types.get(type);
    if (known !== undefined) {
      return known;
    }
    const open = { chunks: [], text: '', last: '', late: [] };
    this.#types.set(type, open);
    return open;
  }
}

/** All names of a type, sorted: those that came late are among them. */
async function mergedNames({ chunks, text, late }: OpenType): Promise<string> {
  const parts = await Promise.all(chunks);
  const before = parts.length === 0 ? '' : (await decompress(Buffer.concat(parts))).toString();
  // This is the text that `add` made: JSON strings.
  const names = JSON.parse(`[${before}${text}]`) as string[];
  return [...new Set([...names, ...late])]
    .sort()
    .map((name) => JSON.stringify(name))
    .join(',');
}
