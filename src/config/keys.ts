import { withoutSecret } from './secrets.ts';
import { sharedKeys } from '../core/note/keyRoles.ts';
import type { GivenKeys, KeyFault, KeyRole } from '../core/note/keyRoles.ts';
import { formatVerifierKey } from '../core/note/verifierKey.ts';
import type { VerifierKey } from '../core/note/verifierKey.ts';
import { operatorName } from '../core/signed/acknowledgementSignature.ts';
import { auditorName } from '../core/signed/reportSignature.ts';

/** KEY_SETTINGS names the settings that a role's keys are given with. */
export const KEY_SETTINGS = {
  log: { signer: 'LEDGER_SIGNER_KEY', keyUrl: 'SIGNER__keyUrl', verifiers: 'LEDGER_VERIFIER_KEYS' },
  auditor: { signer: 'AUDITOR_SIGNER_KEY', keyUrl: 'AUDITOR__keyUrl', verifiers: 'AUDITOR_VERIFIER_KEYS' },
} as const;

/** keyFaults finds keys of another ledger, and those that sharedKeys finds; an undefined origin is not compared. */
export function keyFaults<Setting extends string>(
  given: readonly GivenKeys<Setting>[],
  origin: string | undefined,
): KeyFault<Setting>[] {
  const ofOthers = given.flatMap(({ place, role, keys }) =>
    keys.flatMap((key) => {
      const why = typeof key === 'string' || origin === undefined ? undefined : nameFault(key, role, origin);
      return why === undefined ? [] : [{ place, why }];
    }),
  );
  return [...ofOthers, ...sharedKeys(given)];
}

/** A witness has a name of its own. */
function nameFault(key: VerifierKey, role: KeyRole, origin: string): string | undefined {
  if (role === 'witness') return undefined;
  if (key.type === 'cosignature') return `the key ${withoutSecret(formatVerifierKey(key))} is a witness's`;
  const keyName = withoutSecret(key.keyName);
  if (role === 'log') return key.keyName === origin ? undefined : `the key is of ${keyName}, not of LEDGER_ORIGIN`;
  const name = role === 'operator' ? operatorName(origin) : auditorName(origin);
  return key.keyName === name ? undefined : `the key is of ${keyName}, not of ${name}`;
}
