import { checkIdentity, identity } from './identity.ts';
import type { Identity } from './identity.ts';
import type { Read, Reader } from './settings.ts';
import { hostStorage } from './storage.ts';
import type { StorageConnection } from './storage.ts';

/** ForwardSettings is what the app is told of where records are handed on to. */
export interface ForwardSettings {
  /** address of the data collection rule, without a path */
  readonly endpoint: string;
  /** its immutable id */
  readonly rule: string;
  /** as whom to post */
  readonly identity: Identity;
  /** where to begin: `beginning`, `now`, or a time (ISO 8601) */
  readonly from: string;
  /** the host's own account, where the position is kept; left out where the settings don't say it in a way that is known here */
  readonly storage?: StorageConnection;
}

/** forwardSettings is what the settings say of it; undefined where nothing is handed on. */
export function forwardSettings(settings: Read): ForwardSettings | undefined {
  const { FORWARD_ENDPOINT: endpoint, FORWARD_RULE: rule, FORWARD_FROM: from } = settings;
  if (endpoint === undefined || rule === undefined) return undefined;
  const storage = hostStorage(settings);
  return { endpoint, rule, from, identity: identity(settings, 'FORWARD'), ...(storage !== undefined && { storage }) };
}

/** checkForward demands both or neither: an address and the rule behind it. */
export function checkForward(reader: Reader): void {
  checkIdentity(reader, 'FORWARD');
  const [hasEndpoint, hasRule] = [reader.isSet('FORWARD_ENDPOINT'), reader.isSet('FORWARD_RULE')];
  if (hasEndpoint && !hasRule)
    reader.require('FORWARD_RULE', 'FORWARD_ENDPOINT needs the immutable id of the rule behind it');
  if (hasRule && !hasEndpoint) reader.require('FORWARD_ENDPOINT', 'FORWARD_RULE needs the address of that rule');
}
