// The objects that several classes have. Each is made only of what is there, and is undefined where what OCSF asks of it isn't.

/** Attributes is what stands in an event or in an object of one. */
export type Attributes = Readonly<Record<string, unknown>>;

/** given leaves out what is undefined; an object of nothing is none. */
export function given(attributes: Attributes): Attributes | undefined {
  const entries = Object.entries(attributes).filter(([, value]) => value !== undefined);
  return entries.length === 0 ? undefined : Object.fromEntries(entries);
}

const GUID = /^[0-9a-f]{8}(?:-[0-9a-f]{4}){3}-[0-9a-f]{12}$/i;

/** UserType is OCSF's number of a kind of user. */
export const USER_TYPES = { user: 1, service: 4 } as const;
const USER_TYPE_NAMES: Readonly<Record<number, string>> = { 1: 'User', 4: 'Service' };

/** userOf makes a user of a name or an id. A name that is a GUID is an id. */
export function userOf(name: string | undefined, uid?: string, typeId?: number): Attributes | undefined {
  const isId = name !== undefined && GUID.test(name);
  const [shown, id] = isId ? [undefined, uid ?? name] : [name, uid];
  if (shown === undefined && id === undefined) return undefined;
  return given({
    name: shown,
    uid: id,
    type_id: typeId,
    type: typeId === undefined ? undefined : USER_TYPE_NAMES[typeId],
  });
}

/** actorOf makes an actor of who did it. */
export function actorOf(user: Attributes | undefined): Attributes | undefined {
  return user === undefined ? undefined : { user };
}

/** An address, with a port or without: 192.0.2.1, 192.0.2.1:443, 2001:db8::1, [2001:db8::1]:443. */
const WITH_PORT = /^(?:(\d{1,3}(?:\.\d{1,3}){3})|\[([0-9a-f:.]+)\]):(\d{1,5})$/i;

function isIp(text: string): boolean {
  if (/^\d{1,3}(?:\.\d{1,3}){3}$/.test(text)) return text.split('.').every((part) => Number(part) <= 255);
  return text.length <= 40 && /^[0-9a-f:.]+$/i.test(text) && text.includes(':') && URL.canParse(`http://[${text}]/`);
}

/** portOf reads a port. */
function portOf(text: string | undefined): number | undefined {
  const port = text !== undefined && /^\d{1,5}$/.test(text) ? Number(text) : NaN;
  return port <= 65_535 ? port : undefined;
}

/** endpointOf makes an endpoint of an address, with a port in it or beside it; undefined for anything else. */
export function endpointOf(address: string | undefined, port?: string): Attributes | undefined {
  if (address === undefined) return undefined;
  const [, v4, v6, within] = WITH_PORT.exec(address.trim()) ?? [];
  const ip = v4 ?? v6 ?? address.trim();
  return isIp(ip) ? given({ ip, port: portOf(within ?? port) }) : undefined;
}

/** hostOf makes an endpoint of a name. */
export const hostOf = (hostname: string | undefined, port?: string): Attributes | undefined =>
  hostname === undefined ? undefined : given({ hostname, port: portOf(port) });

const METHODS = ['CONNECT', 'DELETE', 'GET', 'HEAD', 'OPTIONS', 'PATCH', 'POST', 'PUT', 'TRACE'] as const;

/** methodOf reads a method of HTTP that OCSF knows. */
const methodOf = (text: string | undefined): (typeof METHODS)[number] | undefined =>
  METHODS.find((method) => method === text?.toUpperCase());

/** urlOf makes a URL of one that is whole, or of its path, with a query or without. */
export function urlOf(text: string | undefined, hostname?: string): Attributes | undefined {
  if (text === undefined) return undefined;
  if (/^https?:\/\//i.test(text)) return { url_string: text };
  if (!text.startsWith('/')) return undefined;
  const at = text.indexOf('?');
  const [path, query] = at < 0 ? [text, undefined] : [text.slice(0, at), text.slice(at + 1)];
  return given({ path, query_string: query, hostname });
}

/** requestOf makes a request of HTTP. */
export const requestOf = (
  method: string | undefined,
  url: Attributes | undefined,
  agent?: string,
): Attributes | undefined => given({ http_method: methodOf(method), url, user_agent: agent });

/** codeOf reads a status code of HTTP. */
export function codeOf(text: string | undefined): number | undefined {
  return text !== undefined && /^[1-5]\d\d$/.test(text) ? Number(text) : undefined;
}

/** responseOf makes a response of HTTP, which must have a code. */
export function responseOf(text: string | undefined): Attributes | undefined {
  const code = codeOf(text);
  return code === undefined ? undefined : { code };
}

/** resourcesOf names what was touched: the resource that logged it, and what it was done to. */
export function resourcesOf(uid: string | undefined, name: string | undefined): readonly Attributes[] | undefined {
  const all = [...(uid === undefined ? [] : [{ uid }]), ...(name === undefined ? [] : [{ name }])];
  return all.length === 0 ? undefined : all;
}
