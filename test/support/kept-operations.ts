import { existsSync, readFileSync, renameSync, writeFileSync } from 'node:fs';

/** An operation of a plugin that is killed now and then, as it lies in the plugin's file. */
export interface KeptOperation {
  /** Name of the item. */
  readonly item: string;
  /** What it has moved. */
  done: number;
  /** Calls that told the plugin of it. */
  asked: number;
  /** Questions how far it is. */
  polls: number;
  /** When it was complete. */
  endedMs?: number;
  cancelledMs?: number;
  /** When what it kept was removed. */
  deletedMs?: number;
}

/** Operations by the id of their request. */
export type KeptOperations = Record<string, KeptOperation>;

/** Read anew each time: another process writes it. */
export function readOperations(file: string): KeptOperations {
  // The file is written by `writeOperations`.
  return existsSync(file) ? (JSON.parse(readFileSync(file, 'utf8')) as KeptOperations) : {};
}

/** In one piece, so that no kill leaves half of it. */
export function writeOperations(file: string, operations: KeptOperations): void {
  writeFileSync(`${file}.new`, JSON.stringify(operations));
  renameSync(`${file}.new`, file);
}

/** While there is no such file, the operations of a plugin with this state go on. */
export function endFile(stateFile: string): string {
  return `${stateFile}.end`;
}
