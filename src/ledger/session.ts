import { AuditsealError, attempt } from '../core/errors.ts';
import {
  Certificates,
  MAX_CERTIFICATE_MS,
  SIGNED_VERSION,
  formatCertificate,
  formatSignedCertificate,
} from '../core/signed/certificate.ts';
import type { SessionRole } from '../core/signed/certificate.ts';
import { generateSessionKey } from '../core/signed/session.ts';
import type { Session } from '../core/signed/session.ts';
import type { Signer } from '../ports/signing.ts';

export interface SessionDeps {
  readonly ledger: string;
  readonly role: SessionRole;
  /** the log's keys: each signs every certificate */
  readonly signers: readonly Signer[];
  /** from 0 to 1; processes that start together don't renew together */
  readonly random: () => number;
}

/** The part of a certificate's time after which it is renewed, and how much less that may be. */
const RENEWAL = 0.5;
const JITTER = 0.1;
/** So long a key isn't asked again that gave nothing while the old certificate lasts: its answer may take a minute. */
const RETRY_MS = 5 * 60_000;
/** So many sessions are kept at most. */
const MAX_KEPT = 4;

interface KeptSession {
  readonly session: Session;
  /** from when on another one is asked for */
  renewal: string;
}

/**
 * Sessions gives the session that signs what this process makes, in one role. Its key is made here and never leaves memory;
 * a new one is certified when half of the certificate's time is over. One call to each of the log's keys a certificate.
 */
export class Sessions {
  readonly #deps: SessionDeps;
  /** the newest first; more than one where segments are dated by a chain that is ahead of the clock */
  #kept: KeptSession[] = [];
  #underWay: Promise<Session> | undefined;

  constructor(deps: SessionDeps) {
    this.#deps = deps;
  }

  /**
   * at gives a session whose certificate is for that time, as Date prints it. It throws what the keys throw if there is
   * none: then nothing may be made. While the old certificate lasts, a key that can't be reached is asked again later.
   */
  async at(time: string): Promise<Session> {
    const certified = this.#kept.filter(
      ({ session: { certificate } }) => certificate.from <= time && time <= certificate.until,
    );
    const fresh = certified.find(({ renewal }) => time < renewal);
    if (fresh !== undefined) return fresh.session;
    this.#underWay ??= this.#certify(time).finally(() => (this.#underWay = undefined));
    try {
      const next = await this.#underWay;
      return next.certificate.from <= time && time <= next.certificate.until ? next : await this.at(time);
    } catch (error) {
      const [newest] = certified;
      if (newest === undefined) throw error;
      newest.renewal = new Date(Date.parse(time) + RETRY_MS).toISOString();
      return newest.session;
    }
  }

  async #certify(time: string): Promise<Session> {
    const { ledger, role, signers, random } = this.#deps;
    const { publicKey, privateKey } = generateSessionKey();
    const until = new Date(Date.parse(time) + MAX_CERTIFICATE_MS).toISOString();
    const certificate = { ledger, version: SIGNED_VERSION, role, publicKey, from: time, until };
    const text = formatCertificate(certificate);
    const signatures = await Promise.all(signers.map((signer) => signer.sign(text)));
    const note = formatSignedCertificate(certificate, signatures);
    checkHolds(note, this.#deps);
    const session = { certificate, note, privateKey };
    const share = RENEWAL - JITTER * random();
    const renewal = new Date(Date.parse(time) + MAX_CERTIFICATE_MS * share).toISOString();
    this.#kept = [{ session, renewal }, ...this.#kept].slice(0, MAX_KEPT);
    return session;
  }
}

/** checkHolds throws SIGNATURE_INVALID for a certificate that nobody could open: what it signs would be foreign to everybody. */
function checkHolds(note: string, { ledger, role, signers }: SessionDeps): void {
  const verifiers = signers.map(({ verifierKey }) => verifierKey);
  if (attempt(() => new Certificates(ledger, verifiers).open(note, role), 'malformed') !== undefined) return;
  throw new AuditsealError(
    'SIGNATURE_INVALID',
    `a key of ${ledger} signed a certificate, and the signature does not hold`,
  );
}
