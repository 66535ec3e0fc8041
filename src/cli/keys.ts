import { AuditsealError } from '../core/errors.ts';
import { parseVerifierKey } from '../core/verifierKey.ts';
import type { VerifierKey } from '../core/verifierKey.ts';
import { usageError } from './usage.ts';

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
