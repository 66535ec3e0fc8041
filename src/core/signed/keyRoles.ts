import { AUDITOR, SEALER } from './certificate.ts';
import type { VerifierKey } from '../note/verifierKey.ts';

/** KeyRole is what a key is for. One key has one role. docs/format.md, section 2.1. */
export type KeyRole = 'log' | 'auditor' | 'witness';

const OWNERS: Readonly<Record<KeyRole, string>> = { log: 'the log', auditor: 'the auditor', witness: 'a witness' };
const ROLES = Object.keys(OWNERS) as KeyRole[];

/** isLedgerName tells whether a ledger may have this name: those of sealers and auditors end in what no ledger's does. */
export const isLedgerName = (name: string): boolean => !name.endsWith(SEALER) && !name.endsWith(AUDITOR);

/** LEDGER_NAME_RULE says what isLedgerName demands. */
export const LEDGER_NAME_RULE = `the name of a ledger ends neither in ${SEALER} nor in ${AUDITOR}`;

/** doubleRole says which key is given in two roles, by its bytes, whatever names it has; undefined if none is. */
export function doubleRole(keys: Readonly<Partial<Record<KeyRole, readonly VerifierKey[]>>>): string | undefined {
  const roles = new Map<string, KeyRole>();
  for (const role of ROLES) {
    for (const { keyName, keyId, material } of keys[role] ?? []) {
      const bytes = material.toString('base64');
      const other = roles.get(bytes) ?? role;
      if (other !== role)
        return `${OWNERS[role]} and ${OWNERS[other]} have the same key, ${keyName}+${keyId}: a key has one role, so make another`;
      roles.set(bytes, role);
    }
  }
  return undefined;
}
