import { formatAcknowledgement } from '../../src/core/objects/acknowledgement.ts';
import type { AcknowledgeableCode } from '../../src/core/objects/acknowledgement.ts';
import { sha256 } from '../../src/core/hash.ts';
import { signNote } from '../../src/core/note/signerKey.ts';
import type { SignerKey } from '../../src/core/note/signerKey.ts';
import { acknowledgementMessage } from '../../src/core/signed/acknowledgementSignature.ts';
import { joinSigned } from '../../src/core/signed/documentSignature.ts';
import type { IntegrateDeps, IntegrateResult } from '../../src/integrate/integrate.ts';
import { acknowledgeFinding } from '../../src/ledger/acknowledge.ts';
import { seenAs } from '../../src/ledger/seen.ts';
import { timeOf } from './forge.ts';
import { KeptLog } from './keptLog.ts';
import { SECOND, ledgerOf } from './loggedLedger.ts';
import type { Ledger } from './loggedLedger.ts';
import { OPERATOR, integrateOf, signerOf } from './logs.ts';

/** FOREIGN is the name of an object that somebody planted. */
export const FOREIGN = 'planted.txt';
export const WORDS = { who: 'ann', why: 'the hub was full' };
/** REGISTERED tells the log of the operator. */
export const REGISTERED = { registered: [OPERATOR.verifierKey], revoked: [] };

/** integrate runs as an app that is told of these operators. */
export const integrate = async (
  { store, tiles }: Ledger,
  second: number,
  operators: IntegrateDeps['operators'] = REGISTERED,
): Promise<IntegrateResult> =>
  integrateOf(store, tiles, { now: () => Date.parse(timeOf(second)), operators }).run(new KeptLog());

/** acknowledge files an acknowledgement of an object as it is now. */
export const acknowledge = async (
  { store }: Pick<Ledger, 'store'>,
  code: AcknowledgeableCode,
  object: string,
  key: SignerKey = OPERATOR,
  words = WORDS,
): Promise<string> =>
  acknowledgeFinding(
    { store, signer: signerOf(key), now: () => Date.parse(timeOf(SECOND + 20)) },
    { code, object, sha256: (await seenAs(store, object)) ?? null },
    words,
  );

/** planted makes a ledger whose log knows the operator, and in which something foreign was planted. */
export async function planted(): Promise<Ledger> {
  const ledger = await ledgerOf(2, 4, { operators: REGISTERED });
  ledger.store.objects.set(FOREIGN, Buffer.from('junk'));
  return ledger;
}

/** unsignedAcknowledgement is what an operator signs who acknowledges what was planted. */
export const unsignedAcknowledgement = (): Buffer =>
  formatAcknowledgement({
    version: 1,
    kind: 'acknowledge',
    outcome: 'done',
    time: timeOf(SECOND + 20),
    finding: { code: 'foreign-object', object: FOREIGN, sha256: sha256(Buffer.from('junk')) },
    ...WORDS,
  });

/** signedAcknowledgement is the same, signed for a name by a key, whosever that is. */
export function signedAcknowledgement(name: string, key: SignerKey): Buffer {
  const bytes = unsignedAcknowledgement();
  const message = acknowledgementMessage(key.verifierKey.keyName, name, bytes);
  return joinSigned(bytes, key.verifierKey, signNote(message, key));
}
