import type { IndexLine } from '../../domain/backup-index.ts';
import { pluginCallKey, pluginIndexKey, runFolder } from '../../domain/object-key.ts';
import { CallIndex } from '../../domain/plugins/call-index.ts';
import type { ItemCall } from '../../domain/plugins/contract.ts';
import { ITEMS_PER_CALL } from '../../domain/plugins/contract-v1.ts';
import { actionsFor, type RunAction } from '../../domain/plugins/plugin-action.ts';
import type { PlannedCall } from '../../domain/plugins/plugin-call.ts';
import type { SelectedItem } from '../../domain/plugins/plugin-selector.ts';
import type { KindReference } from '../../domain/run-reference.ts';
import { writeJsonGz } from '../../storage/json-file.ts';
import type { ObjectStore } from '../../storage/object-store/port.ts';
import { newAttempt } from '../attempt.ts';
import type { PluginRound } from '../plugin-run-contract.ts';
import { requestIdOf } from './request-id.ts';

/** An item that actions may see. */
export interface SeenItem extends SelectedItem {
  readonly version: string;
  readonly name: string;
  readonly uid?: string | undefined;
  /** Where a restore puts it, when that is another place. */
  readonly target?: ItemCall['target'];
  /** Of a restore: how its object is read. */
  readonly line?: IndexLine;
}

/** Bytes of objects that one call of a restore may carry: sealed and in base64 they are a third more. */
const OBJECT_BYTES_MAX = 192 * 1024;

interface OpenCall {
  readonly action: RunAction;
  items: ItemCall[];
  lines: IndexLine[];
  bytes: number;
}

/** Cuts calls out of a stream of items, action by action, and stores each when it is full. */
export class CallWriter {
  readonly #attempt = newAttempt();
  readonly #open = new Map<RunAction, OpenCall>();
  readonly #index = new CallIndex();
  readonly #store: ObjectStore;
  readonly #run: KindReference;
  readonly #actions: readonly RunAction[];
  #calls = 0;

  constructor(store: ObjectStore, run: KindReference, actions: readonly RunAction[]) {
    this.#store = store;
    this.#run = run;
    this.#actions = actions;
  }

  async see({ line, target, uid, version, name, ...seen }: SeenItem): Promise<void> {
    const { group, resource, namespace } = seen;
    const item = { group, version, resource, namespace, name };
    for (const action of actionsFor(this.#actions, seen)) {
      const open = this.#open.get(action) ?? { action, items: [], lines: [], bytes: 0 };
      this.#open.set(action, open);
      const bytes = line?.bodyLength ?? 0;
      if (open.items.length >= ITEMS_PER_CALL || open.bytes + bytes > OBJECT_BYTES_MAX) {
        await this.#write(open);
      }
      open.items.push({
        requestId: requestIdOf({ ...action, runUid: this.#run.runUid }, item),
        item,
        ...(uid === undefined ? {} : { uid }),
        ...(target === undefined ? {} : { target }),
      });
      open.lines.push(...(line === undefined ? [] : [line]));
      open.bytes += bytes;
    }
  }

  /** Stores what is left. */
  async end(): Promise<PluginRound> {
    // By plugin and action, so that each round of each run goes in the same order.
    for (const action of this.#actions) {
      const open = this.#open.get(action);
      if (open !== undefined) {
        await this.#write(open);
      }
    }
    const key = pluginIndexKey(runFolder(this.#run), this.#part());
    await writeJsonGz(this.#store, key, this.#index.rows());
    return { attempt: this.#attempt, calls: this.#calls };
  }

  async #write(open: OpenCall): Promise<void> {
    const { plugin, action, onError } = open.action;
    const { items, lines } = open;
    if (items.length === 0) {
      return;
    }
    Object.assign(open, { items: [], lines: [], bytes: 0 });
    const call = this.#calls++;
    this.#index.add(call, items);
    const key = pluginCallKey(runFolder(this.#run), { ...this.#part(), call });
    const order = this.#actions.indexOf(open.action);
    const planned: PlannedCall = {
      ...{ plugin, action, onError, order, items },
      ...(lines.length === 0 ? {} : { lines }),
    };
    await writeJsonGz(this.#store, key, planned);
  }

  #part() {
    return { runUid: this.#run.runUid, attempt: this.#attempt };
  }
}
