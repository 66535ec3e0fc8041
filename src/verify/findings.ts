/** KnownLedger is the ledger that all segments have to be of: told from outside, or by the first one. */
export interface KnownLedger {
  name: string | undefined;
}
