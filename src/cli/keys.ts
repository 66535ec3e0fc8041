import { readUserFile } from './files.ts';
import { unusable, usageError } from './usage.ts';
import { faultIn, named } from '../core/errors.ts';
import { sharedKeys } from '../core/note/keyRoles.ts';
import type { GivenKeys } from '../core/note/keyRoles.ts';
import { parseSignerKey } from '../core/note/signerKey.ts';
import type { SignerKey } from '../core/note/signerKey.ts';
import { parseVerifierKey } from '../core/note/verifierKey.ts';
import type { VerifierKey } from '../core/note/verifierKey.ts';
import { MAX_POLICY_BYTES, parsePolicy, witnessKeys } from '../core/note/witnessPolicy.ts';
import type { WitnessPolicy } from '../core/note/witnessPolicy.ts';
import type { Auditors } from '../core/objects/reportFile.ts';
import { ledgerOfOperator } from '../core/signed/acknowledgementSignature.ts';
import { LEDGER_NAME_RULE, isLedgerName } from '../core/signed/ledgerName.ts';
import { auditorName, ledgerOfAuditor } from '../core/signed/reportSignature.ts';

/** verifierKeys reads the keys that were given as values of an option. One that has two owners is a fault. */
export function verifierKeys(texts: readonly string[], option = '--key'): VerifierKey[] {
  const keys = texts.map((text) => {
    try {
      return parseVerifierKey(text.trim());
    } catch (error) {
      // The text is not repeated: it may be a private key.
      throw usageError(`${option}: ${faultIn(error, 'malformed').message}`);
    }
  });
  refuseShared(givenWith(option, keys));
  return keys;
}

/** givenWith sorts the keys of an option that takes those of logs and of witnesses. */
const givenWith = (option: string, keys: readonly VerifierKey[]): readonly GivenKeys[] => [
  { place: option, role: 'log', keys: keys.filter(({ type }) => type !== 'cosignature') },
  { place: option, role: 'witness', keys: keys.filter(({ type }) => type === 'cosignature') },
];

/** refuseShared throws USAGE for a key that was given to two owners, or TARGET_INVALID if it stands in a `file`. */
export function refuseShared(given: readonly GivenKeys[], file?: string): void {
  const [shared] = sharedKeys(given);
  if (shared === undefined) return;
  const message = `${shared.place}: ${shared.why}`;
  throw shared.place === file ? unusable(message) : usageError(message);
}

/** TrustedKeys is whom the user trusts, and which cosignatures count. */
export interface TrustedKeys {
  /** keys of logs, those of the policy among them */
  readonly logKeys: readonly VerifierKey[];
  readonly policy: WitnessPolicy | undefined;
  /** whose reports count; undefined where no key of an auditor was given */
  readonly auditors: Auditors | undefined;
}

/** trustedVerifiers gives all keys whose signatures on a checkpoint count: of logs, and of witnesses. */
export const trustedVerifiers = ({ logKeys, policy }: Pick<TrustedKeys, 'logKeys' | 'policy'>): VerifierKey[] => [
  ...logKeys,
  ...witnessKeys(policy),
];

/**
 * readTrust reads the options --key, --policy and --auditor-key. It throws USAGE or TARGET_INVALID for a key that is given to
 * two owners: in two roles, or to two witnesses.
 */
export async function readTrust(options: {
  readonly key: readonly string[];
  readonly policy: string | undefined;
  readonly 'auditor-key'?: readonly string[];
}): Promise<TrustedKeys> {
  const policy = options.policy === undefined ? undefined : await readPolicy(options.policy);
  const given = verifierKeys(options.key);
  const ofAuditor = verifierKeys(options['auditor-key'] ?? [], '--auditor-key');
  const logs = (policy?.logs ?? []).map(({ verifierKey }) => verifierKey);
  const logKeys = [...given, ...logs];
  const file = `--policy: ${options.policy}`;
  requireLogKeys('--key', given);
  requireLogKeys(file, logs);
  refuseShared(
    [
      ...givenWith('--key', given),
      { place: '--auditor-key', role: 'auditor', keys: ofAuditor },
      { place: file, role: 'log', keys: logs },
      { place: file, role: 'witness', keys: witnessKeys(policy) },
    ],
    file,
  );
  return { logKeys, policy, auditors: auditorsOf(ofAuditor) };
}

/** requireLogKeys refuses keys whose name no log has. */
export function requireLogKeys(place: string, keys: readonly VerifierKey[]): void {
  for (const { keyName } of keys) {
    if (ledgerOfAuditor(keyName) !== undefined)
      throw usageError(`${place}: the key is of ${keyName}, which is an auditor: give it with --auditor-key`);
    if (ledgerOfOperator(keyName) !== undefined)
      throw usageError(
        `${place}: the key is of ${keyName}, which is an operator: the log itself says whose key counts`,
      );
    if (!isLedgerName(keyName)) throw usageError(`${place}: the key is of ${keyName}, and ${LEDGER_NAME_RULE}`);
  }
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

/** ledgerIn gives the name that the ledger must have: what is stated, and what the auditor's key says. It throws USAGE where they differ. */
export function ledgerIn(stated: string | undefined, auditors: Auditors | undefined): string | undefined {
  if (stated !== undefined && auditors !== undefined && auditors.ledger !== stated)
    throw usageError(`--auditor-key: the key is of ${auditors.ledger}, not of --ledger`);
  return stated ?? auditors?.ledger;
}

async function readPolicy(path: string): Promise<WitnessPolicy> {
  const bytes = await readUserFile('--policy', path, MAX_POLICY_BYTES);
  return named(`--policy: ${path}`, () => parsePolicy(bytes));
}

/** A key is one short line; a larger file is something else. */
const MAX_KEY_FILE_BYTES = 4096;

/** readSignerKey reads the file of the option --key. */
export async function readSignerKey(path: string): Promise<SignerKey> {
  const bytes = await readUserFile('--key', path, MAX_KEY_FILE_BYTES);
  if (bytes.length > MAX_KEY_FILE_BYTES)
    throw unusable(`--key: ${path} holds no key: it has more than ${MAX_KEY_FILE_BYTES} bytes`);
  return named(`--key: ${path}`, () => parseSignerKey(bytes.toString('utf8').replace(/\r?\n$/, '')));
}
