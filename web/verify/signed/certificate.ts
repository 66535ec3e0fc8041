import { fromBase64, toBase64 } from '../bytes.ts';
import type { Bytes } from '../bytes.ts';
import { isTime } from '../entry.ts';
import { Fault } from '../fault.ts';
import { isKeyName, isSmallOrder } from '../verifierKey.ts';

/** Role is what a session may sign. */
export type Role = 'segments' | 'batches';

/** Certificate says that a session may sign for a ledger, in a role and for a time. docs/format.md, section 2.1. */
export interface Certificate {
  readonly ledger: string;
  /** of what the session signs; a certificate itself is printed so in every version */
  readonly version: number;
  readonly role: Role;
  /** 32 bytes of Ed25519 */
  readonly sessionKey: Bytes;
  /** what the session signs is dated from here to `until`, both included */
  readonly from: string;
  readonly until: string;
}

const SEALER = '/sealer';
/** No ledger's name ends so. */
const RESERVED: readonly string[] = [SEALER, '/auditor', '/operator'];
const WORD = 'auditseal certificate';
const ROLES: readonly string[] = ['segments', 'batches'] satisfies Role[];
const MAX_CERTIFICATE_MS = 24 * 60 * 60_000;

/** foreign is thrown for what nobody signed who may. */
export const foreign = (why: string): Fault => new Fault('FOREIGN_OBJECT', why);

/**
 * checkVersion throws FOREIGN_OBJECT for an object of another version than its certificate is for, and VERSION_UNKNOWN for one of
 * a later release.
 */
export function checkVersion(version: unknown, certificate: Certificate): void {
  if (version !== certificate.version) throw foreign('its certificate is for another version');
  if (version > 1) throw new Fault('VERSION_UNKNOWN', `it is of version ${version}, and this page knows version 1`);
}

/** parseCertificate reads the text of a certificate only as it is printed, and throws FOREIGN_OBJECT. It verifies nothing. */
export function parseCertificate(text: string): Certificate {
  const [name = '', , stated = '', role = '', key = '', from = '', until = ''] = text.split('\n');
  const version = Number(stated);
  const ledger = name.slice(0, -SEALER.length);
  const sessionKey = fromBase64(key);
  const isVersion = Number.isSafeInteger(version) && version >= 1;
  const isGood =
    isVersion &&
    isKeyName(ledger) &&
    !RESERVED.some((end) => ledger.endsWith(end)) &&
    ROLES.includes(role) &&
    sessionKey?.length === 32 &&
    isTime(from) &&
    isTime(until);
  if (!isGood || printed({ ledger, version, role: role as Role, sessionKey, from, until }) !== text)
    throw foreign('its certificate is not printed as the format says');
  if (isSmallOrder(sessionKey))
    throw foreign('the key in its certificate is of small order, so anybody can sign for it');
  const lasts = Date.parse(until) - Date.parse(from);
  if (lasts < 0 || lasts > MAX_CERTIFICATE_MS)
    throw foreign('its certificate is for more than 24 hours, or for no time');
  return { ledger, version, role: role as Role, sessionKey, from, until };
}

const printed = ({ ledger, version, role, sessionKey, from, until }: Certificate): string =>
  `${ledger}${SEALER}\n${WORD}\n${version}\n${role}\n${toBase64(sessionKey)}\n${from}\n${until}\n`;
