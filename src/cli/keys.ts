import { readUserFile } from './files.ts';
import { unusable, usageError } from './usage.ts';
import { faultIn, named } from '../core/errors.ts';
import { sharedKey } from '../core/note/sharedKey.ts';
import { parseVerifierKey } from '../core/note/verifierKey.ts';
import type { VerifierKey } from '../core/note/verifierKey.ts';
import { MAX_POLICY_BYTES, parsePolicy } from '../core/note/witnessPolicy.ts';
import type { WitnessPolicy } from '../core/note/witnessPolicy.ts';

/** verifierKeys reads the keys that were given as values of an option. */
export const verifierKeys = (texts: readonly string[], option = '--key'): VerifierKey[] =>
  texts.map((text) => {
    try {
      return parseVerifierKey(text.trim());
    } catch (error) {
      // The text is not repeated: it may be a private key.
      throw usageError(`${option}: ${faultIn(error, 'malformed').message}`);
    }
  });

/** Trust is whom the user trusts. */
export interface Trust {
  /** keys of logs, those of the policy among them */
  readonly logKeys: readonly VerifierKey[];
  readonly policy: WitnessPolicy | undefined;
}

/** readTrust reads the options --key and --policy. It throws USAGE or TARGET_INVALID if one of them is its own witness. */
export async function readTrust(options: {
  readonly key: readonly string[];
  readonly policy: string | undefined;
}): Promise<Trust> {
  const policy = options.policy === undefined ? undefined : await readPolicy(options.policy);
  const ofPolicy = (policy?.logs ?? []).map(({ verifierKey }) => verifierKey);
  const logKeys = [...verifierKeys(options.key), ...ofPolicy];
  const shared = sharedKey([...logKeys, ...(policy?.witnesses ?? []).map(({ verifierKey }) => verifierKey)]);
  if (shared === undefined) return { logKeys, policy };
  throw options.policy === undefined
    ? usageError(`--key: ${shared}`)
    : unusable(`--policy: ${options.policy}: ${shared}`);
}

async function readPolicy(path: string): Promise<WitnessPolicy> {
  const bytes = await readUserFile('--policy', path, MAX_POLICY_BYTES);
  return named(`--policy: ${path}`, () => parsePolicy(bytes));
}
