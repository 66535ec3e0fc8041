import { readUserFile } from './files.ts';
import { usageError } from './usage.ts';
import { faultIn, named } from '../core/errors.ts';
import { parseVerifierKey } from '../core/note/verifierKey.ts';
import type { VerifierKey } from '../core/note/verifierKey.ts';
import { MAX_POLICY_BYTES, parsePolicy } from '../core/note/witnessPolicy.ts';
import type { WitnessPolicy } from '../core/note/witnessPolicy.ts';
import type { Auditors } from '../core/objects/reportFile.ts';
import { LEDGER_NAME_RULE, doubleRole, isLedgerName } from '../core/signed/keyRoles.ts';
import { auditorName, ledgerOfAuditor } from '../core/signed/reportSignature.ts';

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
  /** whose reports count; undefined where no key of an auditor was given */
  readonly auditors: Auditors | undefined;
}

/** readTrust reads the options --key, --policy and --auditor-key. A key that is given in two roles is a fault. */
export async function readTrust(options: {
  readonly key: readonly string[];
  readonly policy: string | undefined;
  readonly 'auditor-key'?: readonly string[];
}): Promise<Trust> {
  const policy = options.policy === undefined ? undefined : await readPolicy(options.policy);
  const publicOf = ({ verifierKey }: { readonly verifierKey: VerifierKey }): VerifierKey => verifierKey;
  const logKeys = [...verifierKeys(options.key), ...(policy?.logs ?? []).map(publicOf)];
  const ofAuditor = verifierKeys(options['auditor-key'] ?? [], '--auditor-key');
  for (const { keyName } of logKeys)
    if (!isLedgerName(keyName)) throw usageError(`--key: the key is of ${keyName}, and ${LEDGER_NAME_RULE}`);
  const why = doubleRole({ log: logKeys, auditor: ofAuditor, witness: (policy?.witnesses ?? []).map(publicOf) });
  if (why !== undefined) throw usageError(why);
  return { logKeys, policy, auditors: auditorsOf(ofAuditor) };
}

/** auditorsOf says whose reports count. The name of an auditor's key says of which ledger it is. */
function auditorsOf(verifiers: readonly VerifierKey[]): Auditors | undefined {
  const [name, ...others] = new Set(verifiers.map(({ keyName }) => keyName));
  if (name === undefined) return undefined;
  const ledger = ledgerOfAuditor(name);
  if (ledger === undefined || verifiers.some(({ type }) => type === 'cosignature'))
    throw usageError(`--auditor-key: the key is of ${name}, and that of an auditor is of ${auditorName('NAME')}`);
  if (others.length > 0) throw usageError(`--auditor-key: the keys are of ${name} and of ${others.join(', ')}`);
  return { ledger, verifiers };
}

async function readPolicy(path: string): Promise<WitnessPolicy> {
  const bytes = await readUserFile('--policy', path, MAX_POLICY_BYTES);
  return named(`--policy: ${path}`, () => parsePolicy(bytes));
}
