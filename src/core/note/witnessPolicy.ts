import { isUtf8 } from 'node:buffer';
import { AuditsealError } from '../errors.ts';
import type { VerifiedSignature } from './note.ts';
import { parseDecimal } from '../text.ts';
import { sharedKeys } from './keyRoles.ts';
import type { KeyRole } from './keyRoles.ts';
import { parseVerifierKey } from './verifierKey.ts';
import type { VerifierKey } from './verifierKey.ts';

/** PolicyLog is a log whose checkpoints count. */
export interface PolicyLog {
  readonly verifierKey: VerifierKey;
  readonly url?: string;
}

/** PolicyWitness is a witness whose cosignatures count. */
export interface PolicyWitness {
  /** what the policy calls it; nobody else has to */
  readonly name: string;
  readonly verifierKey: VerifierKey;
  /** where it takes checkpoints: its submission prefix */
  readonly url?: string;
}

/** PolicyGroup has cosigned once `threshold` of its members have. */
export interface PolicyGroup {
  readonly name: string;
  readonly threshold: number;
  /** names of witnesses, and of groups before it */
  readonly members: readonly string[];
}

/** WitnessPolicy says which logs and witnesses a reader trusts, and how many of them have to agree. c2sp.org/tlog-policy. */
export interface WitnessPolicy {
  readonly logs: readonly PolicyLog[];
  readonly witnesses: readonly PolicyWitness[];
  readonly groups: readonly PolicyGroup[];
  /** the witness or group that has to cosign; undefined if none has to */
  readonly quorum: string | undefined;
}

/** witnessKeys gives the keys of a policy's witnesses, none where there is no policy. */
export const witnessKeys = (policy: WitnessPolicy | undefined): VerifierKey[] =>
  (policy?.witnesses ?? []).map(({ verifierKey }) => verifierKey);

/** Quorum is what a policy says of the cosignatures of one checkpoint. */
export interface Quorum {
  readonly isMet: boolean;
  /** the policy's names of the witnesses that cosigned, in its order */
  readonly cosigned: readonly string[];
}

/** MAX_POLICY_BYTES bounds a policy: 256 KiB, room for more than a thousand keys. */
export const MAX_POLICY_BYTES = 256 * 1024;

const NO_QUORUM = 'none';

const malformed = (why: string): AuditsealError => new AuditsealError('POLICY_MALFORMED', why);

/** parsePolicy reads a policy file. It throws POLICY_MALFORMED, which names the line that is wrong. */
export function parsePolicy(bytes: Buffer): WitnessPolicy {
  if (bytes.length > MAX_POLICY_BYTES)
    throw malformed(`the policy has more than the ${MAX_POLICY_BYTES} bytes that a policy may have`);
  const text = bytes.toString('utf8');
  if (!isUtf8(bytes) || /[\0-\x08\v-\x1f\x7f]/.test(text)) {
    throw malformed('the policy is not UTF-8, or holds control characters other than tab and line feed');
  }
  if (!text.endsWith('\n')) throw malformed('the last line of the policy does not end with a line feed');
  const reader = new PolicyReader();
  for (const [i, line] of text.slice(0, -1).split('\n').entries()) {
    const words = line.split(/[ \t]+/).filter((word) => word !== '');
    if (words[0] === undefined || words[0].startsWith('#')) continue;
    try {
      reader.read(words);
    } catch (cause) {
      // What the parser of a key says names no line.
      throw new AuditsealError('POLICY_MALFORMED', `line ${i + 1} of the policy: ${(cause as Error).message}`, {
        cause,
      });
    }
  }
  return reader.policy();
}

class PolicyReader {
  readonly #logs: PolicyLog[] = [];
  readonly #witnesses: PolicyWitness[] = [];
  readonly #groups: PolicyGroup[] = [];
  readonly #names = new Set([NO_QUORUM]);
  readonly #members = new Set<string>();
  #quorum: string | undefined;

  read([keyword, ...words]: readonly string[]): void {
    if (keyword === 'log' && isCount(words, 1, 2)) this.#log(words[0], words[1]);
    else if (keyword === 'witness' && isCount(words, 2, 3)) this.#witness(words[0], words[1] as string, words[2]);
    else if (keyword === 'group' && isCount(words, 3)) this.#group(words[0], words[1] as string, words.slice(2));
    else if (keyword === 'quorum' && isCount(words, 1, 1)) this.#setQuorum(words[0]);
    else
      throw malformed(
        'it is none of: log KEY [URL], witness NAME KEY [URL], group NAME all|any|K NAME..., quorum NAME',
      );
  }

  policy(): WitnessPolicy {
    if (this.#quorum === undefined) throw malformed('the policy has no quorum line');
    const quorum = this.#quorum === NO_QUORUM ? undefined : this.#quorum;
    return { logs: this.#logs, witnesses: this.#witnesses, groups: this.#groups, quorum };
  }

  #log(key: string, url: string | undefined): void {
    const verifierKey = parseVerifierKey(key);
    if (verifierKey.type === 'cosignature')
      throw malformed("the key is a witness's; a log line needs the key of a log");
    refuseDuplicate(verifierKey, this.#logs);
    refuseShared('log', verifierKey, 'witness', this.#witnesses);
    this.#logs.push({ verifierKey, ...(url !== undefined && { url }) });
  }

  #witness(name: string, key: string, url: string | undefined): void {
    this.#define(name);
    const verifierKey = parseVerifierKey(key);
    if (verifierKey.type !== 'cosignature') throw malformed("the key is not a witness's, which is of type 4");
    refuseDuplicate(verifierKey, this.#witnesses);
    refuseShared('witness', verifierKey, 'log', this.#logs);
    this.#witnesses.push({ name, verifierKey, ...(url !== undefined && { url }) });
  }

  #group(name: string, count: string, members: readonly string[]): void {
    for (const member of members) {
      // `none` is a name, but nobody's.
      if (member === NO_QUORUM || !this.#names.has(member)) throw malformed('a member is not defined before its group');
      if (this.#members.has(member)) throw malformed('a member is in a group already');
      this.#members.add(member);
    }
    this.#define(name);
    const counts: Readonly<Record<string, number>> = { any: 1, all: members.length };
    const threshold = Object.hasOwn(counts, count) ? counts[count] : parseDecimal(count);
    if (threshold === undefined || threshold < 1 || threshold > members.length) {
      throw malformed(`of ${members.length} members, a group needs all, any, or a number from 1 to ${members.length}`);
    }
    this.#groups.push({ name, threshold, members });
  }

  #setQuorum(name: string): void {
    if (this.#quorum !== undefined) throw malformed('the policy has more than one quorum line');
    if (!this.#names.has(name)) throw malformed('the quorum is not defined before it');
    this.#quorum = name;
  }

  #define(name: string): void {
    if (this.#names.has(name)) throw malformed(name === NO_QUORUM ? 'the name none is reserved' : 'the name is taken');
    this.#names.add(name);
  }
}

const isCount = (words: readonly string[], least: number, most = Infinity): words is [string, ...string[]] =>
  words.length >= least && words.length <= most;

/**
 * A key that stands twice would count twice. So would a signature, whose line names a key by name and ID only, if two
 * keys agreed in both: IDs are short enough to be searched for.
 */
function refuseDuplicate(key: VerifierKey, others: readonly { readonly verifierKey: VerifierKey }[]): void {
  for (const { verifierKey: other } of others) {
    if (other.material.equals(key.material) || (other.keyName === key.keyName && other.keyId === key.keyId)) {
      throw malformed('the key stands in an earlier line');
    }
  }
}

function refuseShared(
  role: KeyRole,
  key: VerifierKey,
  otherRole: KeyRole,
  others: readonly { readonly verifierKey: VerifierKey }[],
): void {
  const [shared] = sharedKeys([
    { place: 'an earlier line', role: otherRole, keys: others.map(({ verifierKey }) => verifierKey) },
    { place: 'this line', role, keys: [key] },
  ]);
  if (shared !== undefined) throw malformed(shared.why);
}

/**
 * evaluateQuorum tells whether the cosignatures of a checkpoint are those that the policy demands.
 *
 * They are what openCheckpoint verified under the keys of this policy's witnesses; those by other keys don't count.
 */
export function evaluateQuorum(policy: WitnessPolicy, cosignatures: readonly VerifiedSignature[]): Quorum {
  const cosigned = policy.witnesses
    .filter(({ verifierKey: { keyName, keyId } }) =>
      cosignatures.some((one) => one.type === 'cosignature' && one.keyName === keyName && one.keyId === keyId),
    )
    .map(({ name }) => name);
  const agreed = new Set(cosigned);
  // Members are defined before their group, so one pass is enough however deep groups are nested.
  for (const { name, threshold, members } of policy.groups) {
    if (members.filter((member) => agreed.has(member)).length >= threshold) agreed.add(name);
  }
  return { isMet: policy.quorum === undefined || agreed.has(policy.quorum), cosigned };
}
