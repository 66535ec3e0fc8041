/**
 * FaultKind is what whoever catches a fault can do about it.
 *
 * - misuse: a setting, an argument or a target is wrong: name it, and end
 * - malformed: bytes are not what they are taken for: reject them, and go on without
 * - contradicted: a signature, a proof or the log's own objects say otherwise: reject, and tell a human
 * - refused: this identity may not do that, or nothing is there: a human has to mend it
 * - unavailable: not now: let the host try again
 */
export type FaultKind = 'misuse' | 'malformed' | 'contradicted' | 'refused' | 'unavailable';

/** The closed list of faults. Expected outcomes (a name that is taken, a finding) are return values, not faults. */
const KINDS = {
  /** refuse to start; the message names every wrong setting */
  CONFIG_INVALID: 'misuse',
  /** the folder, file or URL given can't be used */
  TARGET_INVALID: 'misuse',
  /** the command line is wrong */
  USAGE: 'misuse',
  /** the host's metadata and bodies disagree; fail the invocation, nothing is lost */
  DELIVERY_INVALID: 'malformed',
  /** nobody who may signed it for this ledger and name: pass over it unread, raise a finding */
  FOREIGN_OBJECT: 'malformed',
  /** reject the object, raise a finding */
  SEGMENT_MALFORMED: 'malformed',
  /** never write behind it: a newer release is at work here */
  VERSION_UNKNOWN: 'malformed',
  /** not a verifier or signer key of a known kind: refuse the setting or the input */
  KEY_MALFORMED: 'malformed',
  NOTE_MALFORMED: 'malformed',
  CHECKPOINT_MALFORMED: 'malformed',
  /** reject the tile or bundle; it can be made again from the batches */
  TILE_MALFORMED: 'malformed',
  /** reject the unit or manifest of the index; it can be made again from the segments */
  INDEX_MALFORMED: 'malformed',
  PROOF_MALFORMED: 'malformed',
  /** reject the batch that holds it */
  ENTRY_MALFORMED: 'malformed',
  /** reject the object, raise a finding */
  BATCH_MALFORMED: 'malformed',
  EVIDENCE_MALFORMED: 'malformed',
  /** reject the object, raise a finding */
  ACTION_MALFORMED: 'malformed',
  REQUEST_MALFORMED: 'malformed',
  /** reject the policy; the message names the line */
  POLICY_MALFORMED: 'malformed',
  /** reject the report, never continue from it */
  REPORT_MALFORMED: 'malformed',
  /** no trusted key signed it, or a trusted key's signature is wrong: reject, raise a finding */
  SIGNATURE_INVALID: 'contradicted',
  /** what is to be proved isn't in the tree: reject, raise a finding */
  PROOF_INVALID: 'contradicted',
  /** the log's objects contradict each other: sign and publish nothing, a human has to look */
  FORK_DETECTED: 'contradicted',
  /** the identity may not do this, or the target does not exist; a human has to mend it */
  STORE_REFUSED: 'refused',
  /** not the hub that this ledger is of, or it lets this identity not ask or read; a human has to mend it */
  HUB_REFUSED: 'refused',
  /** let the host retry the delivery */
  STORE_UNAVAILABLE: 'unavailable',
  /** the disk has no room left: stop writing, a human has to make room */
  STORE_FULL: 'unavailable',
  /** no signature now: try again later; where the message asks for a change, after that */
  SIGNER_UNAVAILABLE: 'unavailable',
  /** other writers took every index tried; let the host retry the delivery */
  CHAIN_CONTENDED: 'unavailable',
  /** the hub doesn't answer, or is not done: let the host retry the delivery */
  HUB_UNAVAILABLE: 'unavailable',
  /** this process ends: another one goes on */
  STOPPING: 'unavailable',
} as const satisfies Readonly<Record<string, FaultKind>>;

export type AuditsealErrorCode = keyof typeof KINDS;

/** AuditsealError is the one class of error that this code throws on purpose. Messages never hold log content. */
export class AuditsealError extends Error {
  override readonly name = 'AuditsealError';
  readonly code: AuditsealErrorCode;

  constructor(code: AuditsealErrorCode, message: string, options?: ErrorOptions) {
    super(message, options);
    this.code = code;
  }

  get kind(): FaultKind {
    return KINDS[this.code];
  }
}

/** faultIn gives back what was caught if it is a fault of one of these kinds, or of any if none is named; else it throws it. */
export function faultIn(error: unknown, ...kinds: readonly FaultKind[]): AuditsealError {
  if (error instanceof AuditsealError && (kinds.length === 0 || kinds.includes(error.kind))) return error;
  throw error;
}

/** attempt gives what an action gives, or undefined if it ends in a fault of one of these kinds. Other errors pass. */
export function attempt<T>(action: () => T, ...kinds: readonly FaultKind[]): T | undefined {
  try {
    return action();
  } catch (error) {
    faultIn(error, ...kinds);
    return undefined;
  }
}

/** named puts the name of an object before the message of a fault that an action ends in. */
export function named<T>(name: string, action: () => T): T {
  try {
    return action();
  } catch (error) {
    const { code, message } = faultIn(error);
    throw new AuditsealError(code, `${name}: ${message}`, { cause: error });
  }
}
