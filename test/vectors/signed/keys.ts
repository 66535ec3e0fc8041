import { LEDGER } from '../../support/forge.ts';
import { keyText, keyTextP256 } from '../../support/sign.ts';
import type { HandKey } from '../../support/sign.ts';

/** The log's key, the one that comes after it, one of the same name that nobody trusts, and one of another ledger. */
export const OLD: HandKey = { name: LEDGER, seed: 1 };
export const NEW: HandKey = { name: LEDGER, seed: 2 };
export const STRANGER: HandKey = { name: LEDGER, seed: 9 };
export const OTHER: HandKey = { name: 'other.example.com/audit', seed: 1 };
const AUDITOR: HandKey = { name: `${LEDGER}/auditor`, seed: 100 };

/** KEYS are the verifier keys of the vectors, by what they are called there. */
export const KEYS = {
  old: keyText(OLD),
  new: keyText(NEW),
  stranger: keyText(STRANGER),
  witness: keyText(NEW, 4),
  other: keyText(OTHER),
  auditor: keyText(AUDITOR),
  auditorP256: keyTextP256(AUDITOR),
  operator: keyText({ name: `${LEDGER}/operator`, seed: 102 }),
  strangeOperator: keyText({ name: `${LEDGER}/operator`, seed: 103 }),
  otherOperator: keyText({ name: `${OTHER.name}/operator`, seed: 102 }),
  retiredAuditor: keyText({ ...AUDITOR, seed: 101 }),
} as const;

export type KeyLabel = keyof typeof KEYS;
