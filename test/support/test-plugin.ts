import { ApplicationFailure, ApplicationFailureCategory } from '@temporalio/common';

import type {
  ItemAnswer,
  ItemsCall,
  OperationsCall,
  OperationStatus,
} from '../../domain/plugins/contract.ts';
import { seal } from '../../storage/seal.ts';

/** A plugin whose answers a test chooses, and which remembers what it was asked. */
export class TestPlugin {
  /** What it says of itself. */
  description: unknown;
  /** What it says of an item. */
  answer: (
    item: ItemsCall['items'][number],
    call: ItemsCall,
  ) => Omit<ItemAnswer, 'requestId'> | undefined = () => undefined;
  /** What it says of a whole call instead. */
  whole: ((call: ItemsCall) => unknown) | undefined;
  /** How far an operation is, by its id. */
  status: (id: string | undefined) => Omit<OperationStatus, 'requestId'> = () => ({
    phase: 'Completed',
  });

  /** What it does when operations are cancelled, after it has remembered it. */
  onCancel: () => void = () => undefined;

  /** When it wants to be asked again how far they are. */
  askAgain: '500ms' | '1m' = '500ms';

  readonly calls: ItemsCall[] = [];
  readonly cancelled: OperationsCall[] = [];
  readonly deleted: OperationsCall[] = [];
  polls = 0;

  constructor(description: unknown) {
    this.description = description;
  }

  /** What its worker serves. */
  readonly activities = {
    describePlugin: () => Promise.resolve(this.description),
    backupItems: (call: ItemsCall) => Promise.resolve(this.#answered(call)),
    restoreItems: (call: ItemsCall) => Promise.resolve(this.#answered(call)),
    operationStatus: (call: OperationsCall) => Promise.resolve(this.#statuses(call)),
    cancelOperation: (call: OperationsCall) => {
      this.cancelled.push(call);
      this.onCancel();
      return Promise.resolve();
    },
    deleteBackup: (call: OperationsCall) => {
      this.deleted.push(call);
      return Promise.resolve();
    },
  };

  #answered(call: ItemsCall): unknown {
    this.calls.push(call);
    if (this.whole !== undefined) {
      return this.whole(call);
    }
    const items = call.items.flatMap((item) => {
      const answer = this.answer(item, call);
      return answer === undefined ? [] : [{ requestId: item.requestId, ...answer }];
    });
    return { sealed: sealed(items, call.replyKey) };
  }

  #statuses({ operations }: OperationsCall): unknown {
    this.polls += 1;
    const answer = {
      operations: operations.map(({ requestId, id }) => ({ requestId, ...this.status(id) })),
    };
    if (answer.operations.some(({ phase }) => phase === 'Running')) {
      throw ApplicationFailure.create({
        message: 'operations run',
        type: 'OperationRunning',
        details: [answer],
        nextRetryDelay: this.askAgain,
        category: ApplicationFailureCategory.BENIGN,
      });
    }
    return answer;
  }
}

/** What a plugin seals for a run. */
function sealed(value: unknown, replyKey: string): string {
  return seal(Buffer.from(JSON.stringify(value)), replyKey).toString('base64');
}
