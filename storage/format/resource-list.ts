import { promisify } from 'node:util';
import { gzip } from 'node:zlib';

import type { IndexItem } from '../../domain/backup-index.ts';
import { apiVersionOf } from '../../domain/item.ts';

const compress = promisify(gzip);

/** Characters that are gathered before they are compressed. */
const CHUNK_LENGTH = 256 * 1024;

/**
 * Gathers Velero's resource list, `{"v1/ConfigMap":["shop/settings"]}`, in its compressed form. The items of one type
 * must follow each other, which they do in every index.
 */
export class ResourceListWriter {
  readonly #chunks: Promise<Buffer>[] = [];
  #text = '{';
  #present: string | undefined;

  add(items: readonly IndexItem[]): void {
    for (const item of items) {
      const type = `${apiVersionOf(item)}/${item.kind}`;
      const name = item.namespace === '' ? item.name : `${item.namespace}/${item.name}`;
      this.#text += type === this.#present ? ',' : this.#opening(type);
      this.#text += JSON.stringify(name);
    }
    if (this.#text.length >= CHUNK_LENGTH) {
      this.#flush();
    }
  }

  /** The list as gzip members. */
  async finish(): Promise<Buffer> {
    this.#text += this.#present === undefined ? '}' : ']}';
    this.#flush();
    return Buffer.concat(await Promise.all(this.#chunks));
  }

  #opening(type: string): string {
    const end = this.#present === undefined ? '' : '],';
    this.#present = type;
    return `${end}${JSON.stringify(type)}:[`;
  }

  #flush(): void {
    this.#chunks.push(compress(this.#text));
    this.#text = '';
  }
}
