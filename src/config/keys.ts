import { formatVerifierKey } from '../core/note/verifierKey.ts';
import type { VerifierKey } from '../core/note/verifierKey.ts';
import type { KeyRole } from '../core/signed/keyRoles.ts';
import { auditorName } from '../core/signed/reportSignature.ts';

/** GivenKeys is the keys of one role that a setting has: some in full, and some as URLs of what a vault shows. */
export interface GivenKeys<Setting> {
  readonly setting: Setting;
  readonly role: KeyRole;
  readonly keys: readonly (VerifierKey | string)[];
}

/** KeyFault is what is wrong with the keys of a setting. */
export interface KeyFault<Setting> {
  readonly setting: Setting;
  readonly why: string;
}

/** keyFaults finds keys of another ledger, and keys that are given in two roles; an undefined origin is not compared. */
export function keyFaults<Setting>(
  given: readonly GivenKeys<Setting>[],
  origin: string | undefined,
): KeyFault<Setting>[] {
  const faults: KeyFault<Setting>[] = [];
  const seen = new Map<string, GivenKeys<Setting>>();
  for (const those of given) {
    const { setting, role, keys } = those;
    for (const key of keys) {
      const why = typeof key === 'string' || origin === undefined ? undefined : nameFault(key, role, origin);
      if (why !== undefined) faults.push({ setting, why });
      const first = seen.get(bytesOf(key)) ?? those;
      if (first.role !== role)
        faults.push({ setting, why: `it has a key of ${String(first.setting)}; a key has one role, so make another` });
      seen.set(bytesOf(key), first);
    }
  }
  return faults;
}

/** A key is the same under every name. */
const bytesOf = (key: VerifierKey | string): string =>
  typeof key === 'string' ? key : key.material.toString('base64');

/** A witness has a name of its own. */
function nameFault(key: VerifierKey, role: KeyRole, origin: string): string | undefined {
  if (role === 'witness') return undefined;
  if (key.type === 'cosignature') return `the key ${formatVerifierKey(key)} is a witness's`;
  if (role === 'log') return key.keyName === origin ? undefined : `the key is of ${key.keyName}, not of LEDGER_ORIGIN`;
  const name = auditorName(origin);
  return key.keyName === name ? undefined : `the key is of ${key.keyName}, not of ${name}`;
}
