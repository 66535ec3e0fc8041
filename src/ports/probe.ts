/** Probe is a way to have a record arrive in the hub that can be told from all others. */
export interface Probe {
  /** how it gets there, for people: 'straight to the hub' */
  readonly way: string;
  /** how long it may take until it is sealed (ms) */
  readonly mostMs: number;
  /** send has it sent. It throws HUB_REFUSED, HUB_UNAVAILABLE or SIGNER_UNAVAILABLE, the latter also where whoever is signed in may not. */
  send(id: string): Promise<void>;
}
