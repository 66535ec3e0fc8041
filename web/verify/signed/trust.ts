import { Fault } from '../fault.ts';
import { parseNote, verifyNote } from '../note.ts';
import type { VerifierKey } from '../verifierKey.ts';
import { foreign, parseCertificate } from './certificate.ts';
import type { Certificate, Role } from './certificate.ts';

/** Bounds memory: each certificate of an honest ledger stands in very many objects, one after the other. */
const MAX_KEPT = 1000;

/**
 * Trust is whose certificates count: those that one of the keys signed, and of one ledger, once it is known. The log
 * announces keys as it is followed.
 */
export class Trust {
  /** the ledger that everything must be of: the one of what is signed first */
  ledger: string | undefined;
  #keys: readonly VerifierKey[] | undefined;
  readonly #kept = new Map<string, Certificate | Fault>();

  constructor(ledger: string | undefined, keys: readonly VerifierKey[] | undefined) {
    this.ledger = ledger;
    this.#keys = keys;
  }

  /** trust goes on with these keys; without keys nobody's signatures under certificates are looked at. */
  trust(keys: readonly VerifierKey[] | undefined): void {
    // Each batch has a list of its own, mostly of the same keys.
    if (keys === this.#keys || textsOf(keys) === textsOf(this.#keys)) return;
    this.#keys = keys;
    this.#kept.clear();
  }

  /** open gives the certificate in a note that holds for a role, and throws FOREIGN_OBJECT for everything else. */
  async open(note: string, role: Role): Promise<Certificate> {
    let kept = this.#kept.get(note);
    if (kept === undefined) {
      if (this.#kept.size >= MAX_KEPT) this.#kept.clear();
      this.#kept.set(note, (kept = await this.#judge(note)));
    }
    if (kept instanceof Fault) throw kept;
    if (kept.role !== role) throw foreign(`its certificate is for ${kept.role}, not for ${role}`);
    if (this.ledger !== undefined && kept.ledger !== this.ledger) throw foreign('its certificate is of another ledger');
    return kept;
  }

  async #judge(note: string): Promise<Certificate | Fault> {
    try {
      const opened = parseNote(note);
      const certificate = parseCertificate(opened.text);
      const own = this.#keys?.filter(({ keyName, type }) => keyName === certificate.ledger && type !== 'cosignature');
      if (own !== undefined) await verifyNote(opened, certificate.ledger, own);
      return certificate;
    } catch (error) {
      if (!(error instanceof Fault)) throw error;
      if (error.code === 'FOREIGN_OBJECT') return error;
      const isNote = error.code === 'SIGNATURE_INVALID';
      return foreign(
        isNote ? 'no trusted key of the log signed its certificate' : 'its certificate is not a signed note',
      );
    }
  }
}

const textsOf = (keys: readonly VerifierKey[] | undefined): string | undefined => keys?.map(({ text }) => text).join();
