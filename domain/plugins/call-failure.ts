import { PLUGIN_FAILURE } from './contract-v1.ts';

/** Characters of what a plugin says of its failure that are told. */
const TEXT_MAX = 500;
/** A type is a name of the plugin's code; anything else is not told. */
const TYPE = /^[\w.$:-]{1,100}$/;

/** How an activity of a plugin failed, as Temporal gives it. */
export interface CallFailure {
  readonly type?: string | null | undefined;
  readonly message: string;
}

/**
 * What is told of a plugin that failed. Its words are told only where it has said them on purpose: others come from
 * libraries, which may print what an object holds.
 */
export function callFailureText(plugin: string, { type, message }: CallFailure): string {
  if (type === PLUGIN_FAILURE) {
    return `the plugin ${plugin} failed: ${message.slice(0, TEXT_MAX)}`;
  }
  const known = typeof type === 'string' && TYPE.test(type) ? type : 'an error';
  return `the plugin ${plugin} failed with ${known}; see the log of its worker`;
}
