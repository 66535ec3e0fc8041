import { readFile } from 'node:fs/promises';
import { callersPath } from './files.ts';
import { usageError } from './usage.ts';
import { AuditsealError } from '../core/errors.ts';
import { parseVerifierKey } from '../core/note/verifierKey.ts';
import type { VerifierKey } from '../core/note/verifierKey.ts';
import { parsePolicy } from '../core/note/witnessPolicy.ts';
import type { WitnessPolicy } from '../core/note/witnessPolicy.ts';

/** verifierKeys reads the keys that were given as options. */
export const verifierKeys = (texts: readonly string[] = []): VerifierKey[] =>
  texts.map((text) => {
    try {
      return parseVerifierKey(text.trim());
    } catch (error) {
      if (!(error instanceof AuditsealError)) throw error;
      // Of a private key, or of anything else, nothing is repeated.
      throw usageError(`--key: ${error.message}`);
    }
  });

/** readPolicy reads the policy file that was given as an option. */
export async function readPolicy(path: string): Promise<WitnessPolicy> {
  let bytes: Buffer;
  try {
    bytes = await readFile(callersPath(path));
  } catch (error) {
    throw new AuditsealError('TARGET_INVALID', `--policy: ${path} can't be read`, { cause: error });
  }
  return parsePolicy(bytes);
}
