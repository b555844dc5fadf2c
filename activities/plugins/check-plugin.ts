import { canonicalJson } from '../../domain/canonical-json.ts';
import { Failure } from '../../domain/failure.ts';
import type { PluginHealth } from '../../domain/plugins/registry.ts';
import type { Dependencies } from '../dependencies.ts';
import type { CheckPluginInput } from '../plugin-contract.ts';
import { checkedDescription } from './check-description.ts';

/** See `PluginRegistryActivities`. */
export function checkPlugin(
  _: Dependencies,
  { plugin: { name, description }, answer }: CheckPluginInput,
): Promise<PluginHealth> {
  return Promise.resolve(healthOf(name, { description, answer }));
}

function healthOf(
  name: string,
  { description, answer }: { readonly description: unknown; readonly answer: unknown },
): PluginHealth {
  try {
    const now = checkedDescription(name, answer);
    const hasChanged = canonicalJson(now) !== canonicalJson(description);
    return { state: 'Ready', ...(hasChanged ? { hasChanged } : {}) };
  } catch (error) {
    if (!(error instanceof Failure)) {
      throw error;
    }
    const { code, message, subject = name } = error;
    return { state: 'Invalid', failure: { code, message, subject } };
  }
}
