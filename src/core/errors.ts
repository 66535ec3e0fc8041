/** The closed list of faults. Expected outcomes (a name that is taken, a finding) are return values, not faults. */
export type AuditsealErrorCode =
  | 'CONFIG_INVALID' // refuse to start; the message names every wrong setting
  | 'DELIVERY_INVALID' // the host's metadata and bodies disagree; fail the invocation, nothing is lost
  | 'SEGMENT_MALFORMED' // reject the object, raise a finding
  | 'VERSION_UNKNOWN' // never write behind it: a newer release is at work here
  | 'OBJECT_TOO_LARGE' // no object of a ledger is that large: reject it
  | 'KEY_MALFORMED' // not a verifier or signer key of a known kind: refuse the setting or the input
  | 'NOTE_MALFORMED' // reject the input
  | 'SIGNATURE_INVALID' // no trusted key signed it, or a trusted key's signature is wrong: reject, raise a finding
  | 'CHECKPOINT_MALFORMED' // reject the input
  | 'TILE_MALFORMED' // reject the tile or bundle; it can be made again from the batches
  | 'PROOF_MALFORMED' // reject the input
  | 'PROOF_INVALID' // what is to be proved isn't in the tree: reject, raise a finding
  | 'ENTRY_MALFORMED' // reject the batch that holds it
  | 'BATCH_MALFORMED' // reject the object, raise a finding
  | 'FORK_DETECTED' // the log's objects contradict each other: sign and publish nothing, a human has to look
  | 'EVIDENCE_MALFORMED' // reject the file
  | 'ACTION_MALFORMED' // reject the object, raise a finding
  | 'REQUEST_MALFORMED' // reject the request
  | 'POLICY_MALFORMED' // reject the policy; the message names the line
  | 'REPORT_MALFORMED' // reject the report, never continue from it
  | 'STORE_UNAVAILABLE' // let the host retry the delivery
  | 'STORE_REFUSED' // the identity may not do this, or the target does not exist; a human has to mend it
  | 'SIGNER_UNAVAILABLE' // no signature now: try again later; where the message asks for a change, after that
  | 'CHAIN_CONTENDED' // other writers took every index tried; let the host retry the delivery
  | 'TARGET_INVALID' // the folder, file or URL given can't be used
  | 'USAGE'; // the command line is wrong

/** AuditsealError is the one class of error that this code throws on purpose. Messages never hold log content. */
export class AuditsealError extends Error {
  override readonly name = 'AuditsealError';
  readonly code: AuditsealErrorCode;

  constructor(code: AuditsealErrorCode, message: string, options?: ErrorOptions) {
    super(message, options);
    this.code = code;
  }
}
