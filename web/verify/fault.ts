/** FaultCode is why evidence, or an object, proves nothing, in the words that the command line uses too. */
export type FaultCode =
  | 'EVIDENCE_MALFORMED'
  | 'ANSWER_MALFORMED'
  | 'VERSION_UNKNOWN'
  | 'KEY_MALFORMED'
  | 'PROOF_MALFORMED'
  | 'NOTE_MALFORMED'
  | 'SIGNATURE_INVALID'
  | 'CHECKPOINT_MALFORMED'
  | 'ENTRY_MALFORMED'
  | 'PROOF_INVALID'
  | 'FOREIGN_OBJECT'
  | 'SEGMENT_MALFORMED'
  | 'BATCH_MALFORMED'
  | 'REPORT_MALFORMED';

/** Fault is thrown for what is wrong with the bytes of somebody else. */
export class Fault extends Error {
  readonly code: FaultCode;

  constructor(code: FaultCode, why: string) {
    super(why);
    this.name = 'Fault';
    this.code = code;
  }
}
