import type { KeyObject } from 'node:crypto';
import { AuditsealError, attempt } from '../errors.ts';
import { formatNote, openNote, parseNote } from '../note/note.ts';
import type { SignatureLine } from '../note/signatureLine.ts';
import {
  createVerifierKey,
  formatVerifierKey,
  isKeyName,
  isSmallOrder,
  parseVerifierKey,
} from '../note/verifierKey.ts';
import type { VerifierKey } from '../note/verifierKey.ts';
import { isTime, parseBase64 } from '../text.ts';

/** SessionRole is what a session may sign: segments, or the log's batches. */
export type SessionRole = 'segments' | 'batches';
const ROLES: readonly string[] = ['segments', 'batches'] satisfies SessionRole[];

/**
 * Certificate says that the log's keys let a session sign for a ledger, in one role and for a time. docs/format.md, section
 * 2.1. A session's Ed25519 key lives in the memory of one process.
 */
export interface Certificate {
  readonly ledger: string;
  /** of what the session signs; a certificate itself is printed so in every version */
  readonly version: number;
  readonly role: SessionRole;
  /** 32 bytes of Ed25519 */
  readonly publicKey: Buffer;
  /** what the session signs is dated from here to `until`, both included */
  readonly from: string;
  readonly until: string;
}

/** OpenedCertificate is one that holds, with the session's key. */
export interface OpenedCertificate extends Certificate {
  readonly sessionKey: KeyObject;
}

/** MAX_CERTIFICATE_MS is the longest time of a certificate: 24 hours. */
export const MAX_CERTIFICATE_MS = 24 * 60 * 60_000;

/** SEALER ends the first line of a certificate, behind the ledger's name. No ledger's name may end so. */
export const SEALER = '/sealer';
/** AUDITOR ends the name of an auditor's key, behind the ledger's name. No ledger's name may end so. */
export const AUDITOR = '/auditor';
/** OPERATOR ends the name of an operator's key, behind the ledger's name. No ledger's name may end so. */
export const OPERATOR = '/operator';
/** RESERVED_ENDS are the ends that no ledger's name has. */
export const RESERVED_ENDS: readonly string[] = [SEALER, AUDITOR, OPERATOR];

/** ledgerBefore gives the ledger's name that stands before such an end of a key's name, or undefined if the name has another. */
export const ledgerBefore = (keyName: string, end: string): string | undefined =>
  keyName.length > end.length && keyName.endsWith(end) ? keyName.slice(0, -end.length) : undefined;

/** Where a checkpoint has its size: no decimal number, so no certificate is one. */
const WORD = 'auditseal certificate';

const foreign = (why: string): AuditsealError => new AuditsealError('FOREIGN_OBJECT', why);

/** SIGNED_VERSION is the version of segments and batches that this release signs and knows. */
export const SIGNED_VERSION = 1;

/** formatCertificate prints the text that the log's keys sign. */
export const formatCertificate = ({ ledger, version, role, publicKey, from, until }: Certificate): string =>
  `${ledger}${SEALER}\n${WORD}\n${version}\n${role}\n${publicKey.toString('base64')}\n${from}\n${until}\n`;

/** formatSignedCertificate prints the note: the certificate and the signatures of the log's keys. */
export const formatSignedCertificate = (certificate: Certificate, signatures: readonly SignatureLine[]): string =>
  formatNote({ text: formatCertificate(certificate), signatures }).toString('utf8');

/** parseCertificate is the inverse of formatCertificate, and throws FOREIGN_OBJECT. It knows of no signature. */
export function parseCertificate(text: string): Certificate {
  const [name = '', , stated = '', role = '', key = '', from = '', until = ''] = text.split('\n');
  const publicKey = parseBase64(key);
  const version = Number(stated);
  const isVersion = Number.isSafeInteger(version) && version >= 1;
  if (!isVersion || publicKey?.length !== 32 || !ROLES.includes(role) || !isTime(from) || !isTime(until))
    throw foreign('its certificate is not printed as this release prints it');
  const end = { role: role as SessionRole, publicKey, from, until };
  const certificate = { ledger: name.slice(0, -SEALER.length), version, ...end };
  const { ledger } = certificate;
  const isReserved = RESERVED_ENDS.some((end) => ledger.endsWith(end));
  if (!isKeyName(ledger) || isReserved || formatCertificate(certificate) !== text)
    throw foreign('its certificate is not printed as this release prints it');
  if (isSmallOrder(publicKey)) throw foreign("the key in its certificate is a point of small order, and so nobody's");
  const lasts = Date.parse(until) - Date.parse(from);
  if (lasts < 0 || lasts > MAX_CERTIFICATE_MS)
    throw foreign('its certificate is for more than 24 hours, or for no time');
  return certificate;
}

/**
 * checkVersion throws FOREIGN_OBJECT for an object of another version than its certificate is for, and VERSION_UNKNOWN for one of
 * a later release: that the log's keys say, so that nobody who stole a session's key can stop who must not write behind it.
 */
export function checkVersion(version: unknown, certificate: Certificate): void {
  if (version !== certificate.version) throw foreign('its certificate is for another version');
  if (version > SIGNED_VERSION)
    throw new AuditsealError(
      'VERSION_UNKNOWN',
      `it is of version ${version}, and this release knows ${SIGNED_VERSION}`,
    );
}

/** Trust is whose certificates count. It survives structured cloning. */
export interface Trust {
  /** the ledger that everything must be of; left out: any */
  readonly ledger?: string;
  /** verifier keys of the log, as formatVerifierKey prints them; left out: nobody's signatures are checked */
  readonly keys?: readonly string[];
}

/** trustIn is whose certificates count to who has these keys; without any, anybody may have certified the sessions. */
export const trustIn = (verifiers: readonly VerifierKey[]): Trust =>
  verifiers.length > 0 ? { keys: verifiers.map(formatVerifierKey) } : {};

/** Bounds memory: each certificate of an honest ledger stands in very many objects, one after the other. */
const MAX_KEPT = 1000;

/** Certificates opens certificates, and keeps what came of each. */
export class Certificates {
  readonly #ledger: string | undefined;
  readonly #verifiers: readonly VerifierKey[] | undefined;
  readonly #kept = new Map<string, OpenedCertificate | AuditsealError>();

  /** Without `verifiers` the signatures of the log's keys are not looked at. */
  constructor(ledger: string | undefined, verifiers: readonly VerifierKey[] | undefined) {
    this.#ledger = ledger;
    this.#verifiers = verifiers;
  }

  /**
   * open gives the certificate in a note that one of the log's keys signed. It throws FOREIGN_OBJECT for everything else,
   * another role and another ledger too.
   */
  open(note: string, role: SessionRole): OpenedCertificate {
    let kept = this.#kept.get(note);
    if (kept === undefined) {
      if (this.#kept.size >= MAX_KEPT) this.#kept.clear();
      kept = this.#judge(note);
      this.#kept.set(note, kept);
    }
    if (kept instanceof AuditsealError) throw kept;
    if (kept.role !== role) throw foreign(`its certificate is for ${kept.role}, not for ${role}`);
    return kept;
  }

  #judge(note: string): OpenedCertificate | AuditsealError {
    try {
      return this.#check(note);
    } catch (error) {
      if (error instanceof AuditsealError) return error;
      throw error;
    }
  }

  #check(note: string): OpenedCertificate {
    const bytes = Buffer.from(note);
    const parsed = attempt(() => parseNote(bytes), 'malformed');
    if (parsed === undefined) throw foreign('its certificate is not a signed note');
    const certificate = parseCertificate(parsed.text);
    if (this.#ledger !== undefined && certificate.ledger !== this.#ledger)
      throw foreign('its certificate is of another ledger');
    if (this.#verifiers !== undefined) checkSigned(bytes, certificate.ledger, this.#verifiers);
    const { publicKey: sessionKey } = createVerifierKey(certificate.ledger, 'ed25519', certificate.publicKey);
    return { ...certificate, sessionKey };
  }
}

let last: { readonly text: string; readonly certificates: Certificates } | undefined;

/** certificatesFor gives the certificates of a trust. The same trust comes again and again. */
export function certificatesFor({ ledger, keys }: Trust): Certificates {
  const text = JSON.stringify([ledger, keys]);
  if (last?.text !== text) last = { text, certificates: new Certificates(ledger, keys?.map(parseVerifierKey)) };
  return last.certificates;
}

/** Signature lines bear the ledger's name: what a witness or an auditor signed certifies nobody. */
function checkSigned(note: Uint8Array, ledger: string, verifiers: readonly VerifierKey[]): void {
  const own = verifiers.filter(({ keyName, type }) => keyName === ledger && type !== 'cosignature');
  if (attempt(() => openNote(note, own), 'malformed', 'contradicted') !== undefined) return;
  throw foreign('no trusted key of the log signed its certificate');
}
