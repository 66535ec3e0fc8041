/** The closed list of faults. Expected outcomes (a name that is taken, a finding) are return values, not faults. */
export type AuditsealErrorCode =
  | 'CONFIG_INVALID' // refuse to start; the message names every wrong setting
  | 'DELIVERY_INVALID' // the host's metadata and bodies disagree; fail the invocation, nothing is lost
  | 'SEGMENT_MALFORMED' // reject the object, raise a finding
  | 'VERSION_UNKNOWN' // never write behind it: a newer release is at work here
  | 'OBJECT_TOO_LARGE' // no object of a ledger is that large: reject it
  | 'REPORT_MALFORMED' // reject the report, never continue from it
  | 'STORE_UNAVAILABLE' // let the host retry the delivery
  | 'STORE_REFUSED' // the identity may not do this, or the target does not exist; a human has to mend it
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
