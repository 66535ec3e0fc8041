import { sharedKey } from '../core/note/sharedKey.ts';
import type { VerifierKey } from '../core/note/verifierKey.ts';
import { parsePolicy } from '../core/note/witnessPolicy.ts';
import type { WitnessPolicy } from '../core/note/witnessPolicy.ts';

/** A checkpoint with the cosignatures of so many has room in a note. */
const MAX_WITNESSES = 32;

/**
 * parseWitnesses reads a policy (c2sp.org/tlog-policy) whose lines are ended by LF or, all on one line, by semicolons. It
 * throws POLICY_MALFORMED, which names the line that is wrong.
 */
export function parseWitnesses(text: string): WitnessPolicy {
  const lines = text.includes('\n') ? text.split(/\r?\n/) : text.split(';');
  return parsePolicy(Buffer.from(`${lines.join('\n')}\n`));
}

/**
 * witnessFaults says why an app of this log can't ask the witnesses of a policy; an undefined origin is not compared. `logKeys`
 * are those of the log that the settings hold.
 */
export function witnessFaults(
  { logs, witnesses }: WitnessPolicy,
  origin: string | undefined,
  logKeys: readonly VerifierKey[],
): string[] {
  const faults: string[] = [];
  const shared = sharedKey([...logKeys, ...witnesses.map(({ verifierKey }) => verifierKey)]);
  if (shared !== undefined) faults.push(shared);
  for (const { verifierKey } of logs) {
    if (origin !== undefined && verifierKey.keyName !== origin)
      faults.push(`a log line has the key of ${verifierKey.keyName}, not of LEDGER_ORIGIN`);
  }
  if (witnesses.length > MAX_WITNESSES) faults.push(`it has more than ${MAX_WITNESSES} witnesses`);
  for (const { name, verifierKey, url } of witnesses) {
    if (url === undefined) faults.push(`the witness ${name} has no address; its line is witness NAME KEY URL`);
    else if (!isWitnessAddress(url))
      faults.push(`the address of the witness ${name} is not https://HOST/PATH or http://HOST/PATH`);
    // Cosignatures are stored under the ID.
    const sameId = witnesses.filter((other) => other.verifierKey.keyId === verifierKey.keyId);
    if (sameId[0]?.name !== name) faults.push(`the witness ${name} has the key ID of another`);
  }
  return faults;
}

const isWitnessAddress = (url: string): boolean =>
  /^https?:\/\/[^\s?#@/]+(\/[^\s?#@]*)?$/i.test(url) && URL.canParse(url);
