import { readTokens } from '../verify/json.ts';
import { code, element } from './dom.ts';
import { cut, plural } from './parts.ts';
import type { Fact } from './parts.ts';

/** PlainValue is what a record says somewhere, and in which of its members. */
interface PlainValue {
  readonly text: string;
  readonly member: string;
}

/**
 * Members of records of Azure, by what they say; of several the first that is there says most. Case doesn't count. That a record has
 * none is said of those with `true`.
 */
const WANTED: readonly (readonly [string, readonly string[], boolean])[] = [
  [
    'Who',
    [
      'identity.claims.http://schemas.xmlsoap.org/ws/2005/05/identity/claims/upn',
      'identity.claim.http://schemas.xmlsoap.org/ws/2005/05/identity/claims/upn',
      'identity.claims.http://schemas.xmlsoap.org/ws/2005/05/identity/claims/name',
      'identity.claim.upn',
      'identity.claims.upn',
      'identity.claims.name',
      'properties.initiatedBy.user.userPrincipalName',
      'properties.initiatedBy.user.displayName',
      'properties.initiatedBy.app.displayName',
      'properties.initiatedBy.app.appId',
      'properties.userPrincipalName',
      'properties.userDisplayName',
      'properties.servicePrincipalName',
      'properties.log.user.username',
      'identity.claims.appid',
      'identity.claim.appid',
      'identity.claim.oid',
      'caller',
      'identity',
      'userPrincipalName',
      'userId',
      'accountUpn',
      'initiatingProcessAccountUpn',
      'requesterObjectId',
    ],
    true,
  ],
  [
    'What',
    [
      'properties.activityDisplayName',
      'operationName',
      'properties.operationName',
      'properties.log.verb',
      'actionType',
      'operation',
      'eventName',
      'category',
    ],
    true,
  ],
  [
    'To what',
    [
      'properties.targetResources.userPrincipalName',
      'properties.targetResources.displayName',
      'properties.targetResources.id',
      'properties.resourceDisplayName',
      'properties.id',
      'properties.requestUri',
      'properties.log.objectRef.name',
      'uri',
      'resourceId',
    ],
    false,
  ],
  [
    'With what result',
    ['resultType', 'resultSignature', 'properties.result', 'status', 'properties.statusCode'],
    false,
  ],
  ['From where', ['callerIpAddress', 'properties.ipAddress', 'identity.claims.ipaddr', 'clientIp'], false],
  ['When, as the record says', ['time', 'timestamp', 'createdDateTime', 'eventTimestamp', 'timeGenerated'], true],
];
const MEMBERS = new Set(WANTED.flatMap(([, members]) => members.map((member) => member.toLowerCase())));

const MAX_DEPTH = 8;
const MAX_KEY = 200;
/** So many values of one member are kept, and so many of all that was found are shown. */
const MAX_VALUES = 3;
const SHOWN = 2;
/** A line of more tokens is read so far: whatever it holds, the page stays usable. */
const MAX_TOKENS = 400_000;

/** Found is the values of the wanted members, how many of each there are, and whether the line was read to its end. */
interface Found {
  readonly values: ReadonlyMap<string, readonly PlainValue[]>;
  readonly counts: ReadonlyMap<string, number>;
  readonly isWhole: boolean;
}

/** plainWords reads from a record's line who did what, to what, when and from where, as far as the page knows the members. */
export function plainWords(line: string): Fact[] {
  const found = valuesIn(line);
  const isJson = /^\{"_(?:text|base64)":/.exec(line) === null;
  const none = !isJson
    ? 'not JSON'
    : found.isWhole
      ? 'not said in a member that this page knows'
      : 'not known: the record is too large to be read to its end here; read it itself, or use auditseal check';
  return WANTED.flatMap(([name, members, isAlways]): Fact[] => {
    const values = members.flatMap((member) => found.values.get(member.toLowerCase()) ?? []);
    const count = members.reduce((sum, member) => sum + (found.counts.get(member.toLowerCase()) ?? 0), 0);
    if (values.length === 0) return isAlways || !found.isWhole ? [[name, none]] : [];
    const shown = values
      .slice(0, SHOWN)
      .map(({ text, member }, i) =>
        element('span', {}, i === 0 ? '' : '; ', code(cut(text)), ' (member ', code(cut(member)), ')'),
      );
    const more = count - shown.length;
    const rest =
      (more > 0 ? `; and ${plural(more, 'more value')} in the record` : '') +
      (found.isWhole ? '' : '; the record is too large to be read to its end here');
    return [[name, element('span', {}, ...shown, rest)]];
  });
}

/** plainSentence puts the same on one line, for a list of records. */
export function plainSentence(line: string): Node[] {
  const found = valuesIn(line);
  return WANTED.flatMap(([name, members]) => {
    const [first] = members.flatMap((member) => found.values.get(member.toLowerCase()) ?? []);
    return first === undefined ? [] : [element('span', { class: 'word' }, `${name}: `, code(cut(first.text)))];
  });
}

/** Frame is an open object or list: the name of the member that it is, undefined for the line itself and for an item of a list. */
interface Frame {
  readonly isObject: boolean;
  readonly name: string | undefined;
}

/** valuesIn gives the values of the wanted members. A list's items count as the list's; a member that stands twice has both. */
function valuesIn(line: string): Found {
  const found = new Map<string, PlainValue[]>();
  const counts = new Map<string, number>();
  let isWhole = true;
  const open: Frame[] = [];
  let [depth, count] = [0, 0];
  let key: string | undefined;
  let isKey = false;
  for (const { kind, start, end } of readTokens(line)) {
    if (++count > MAX_TOKENS) {
      isWhole = false;
      break;
    }
    const isObject = open.at(-1)?.isObject === true;
    if (kind === '{' || kind === '[') {
      if (++depth <= MAX_DEPTH) open.push({ isObject: kind === '{', name: isObject ? key : undefined });
      isKey = kind === '{';
    } else if (kind === '}' || kind === ']') {
      if (depth-- <= MAX_DEPTH) open.pop();
    } else if (kind === ',') isKey = isObject;
    else if (depth > MAX_DEPTH || kind === ':') continue;
    else if (isKey) {
      key = end - start > MAX_KEY ? '' : (JSON.parse(line.slice(start, end)) as string);
      isKey = false;
    } else keep(found, counts, [...open.map(({ name }) => name), isObject ? key : undefined], line.slice(start, end));
  }
  return { values: found, counts, isWhole };
}

function keep(
  found: Map<string, PlainValue[]>,
  counts: Map<string, number>,
  names: readonly (string | undefined)[],
  token: string,
): void {
  const path = names.filter((name) => name !== undefined);
  // A record that is no object is a member of its line; its seal is no part of it.
  const member = (path[0] === '_value' ? path.slice(1) : path).join('.');
  const known = member.toLowerCase();
  const values = found.get(known) ?? [];
  if (!MEMBERS.has(known) || path[0] === '_seal') return;
  const text = token.startsWith('"') ? (JSON.parse(token) as string) : token;
  if (text === '' || text === 'null' || values.some((value) => value.text === text)) return;
  counts.set(known, (counts.get(known) ?? 0) + 1);
  if (values.length >= MAX_VALUES) return;
  found.set(known, [...values, { text, member }]);
}
