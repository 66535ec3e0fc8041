/**
 * RecheckQueue hands slices of a recheck to whoever works on them, at least once each. Messages may be lost, doubled, late and forged,
 * and nobody concludes anything from them. Faults are STORE_UNAVAILABLE and STORE_REFUSED.
 */
export interface RecheckQueue {
  /** send puts messages into the queue. Some may be there twice if it fails. */
  send(messages: readonly string[]): Promise<void>;
  /** waiting gives about how many messages there are, those that are being worked on included. */
  waiting(): Promise<number>;
  /** poisoned gives about how many messages the host has given up on, since somebody looked. */
  poisoned(): Promise<number>;
}
