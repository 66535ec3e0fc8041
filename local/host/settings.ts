import { readFileSync } from 'node:fs';
import { isJsonObject } from './json.ts';
import { Refusal, messageOf } from './refusal.ts';

export type Settings = Readonly<Record<string, string>>;

/** HubConnection is what a connection name resolves to. */
export type HubConnection = { readonly connectionString: string } | { readonly fullyQualifiedNamespace: string };

/** loadSettings reads the Values of a file that has the shape of local.settings.json. */
export function loadSettings(path: string): Settings {
  let file: unknown;
  try {
    file = JSON.parse(readFileSync(path, 'utf8'));
  } catch (error) {
    // What the parser says quotes the file, which holds keys.
    const why = error instanceof SyntaxError ? 'they are not JSON' : messageOf(error);
    throw new Refusal(64, `settings ${path} can't be read: ${why}`);
  }
  if (!isJsonObject(file)) throw new Refusal(64, `settings ${path} must hold an object`);
  const unknown = Object.keys(file).filter((key) => key !== 'IsEncrypted' && key !== 'Values');
  if (unknown.length > 0) throw new Refusal(64, `settings ${path}: unknown ${unknown.join(', ')}`);
  if (file['IsEncrypted'] !== undefined && file['IsEncrypted'] !== false) {
    throw new Refusal(64, `settings ${path}: IsEncrypted must be false, encrypted settings can't be read`);
  }
  const values = file['Values'];
  if (!isJsonObject(values)) throw new Refusal(64, `settings ${path}: Values must be an object`);
  const settings: Record<string, string> = {};
  const wrong: string[] = [];
  for (const [name, value] of Object.entries(values)) {
    if (typeof value === 'string') settings[name] = value;
    else wrong.push(name);
  }
  if (wrong.length > 0) throw new Refusal(64, `settings ${path}: ${wrong.join(', ')} must be a string`);
  const runtime = settings['FUNCTIONS_WORKER_RUNTIME'] ?? 'node';
  if (runtime !== 'node') throw new Refusal(64, `settings ${path}: FUNCTIONS_WORKER_RUNTIME must be node`);
  return settings;
}

/** expandNames replaces each %NAME% in a binding's text by that setting. */
export function expandNames(text: string, settings: Settings): string {
  return text.replaceAll(/%([^%]+)%/g, (_whole, name: string) => {
    const value = settings[name];
    if (value === undefined) throw new TypeError(`%${name}% isn't set`);
    return value;
  });
}

/** hubConnection resolves a connection name: a connection string, or an identity's namespace. */
export const hubConnection = (name: string, settings: Settings): HubConnection =>
  connectionOf(name, settings, 'fullyQualifiedNamespace');

/** QueueConnection is what a connection name resolves to for a trigger of queues. */
export type QueueConnection = { readonly connectionString: string } | { readonly queueServiceUri: string };

/** queueConnection resolves a connection name: a connection string, or where an identity finds the queues. */
export const queueConnection = (name: string, settings: Settings): QueueConnection =>
  connectionOf(name, settings, 'queueServiceUri');

function connectionOf<Member extends string>(
  name: string,
  settings: Settings,
  member: Member,
): { readonly connectionString: string } | Readonly<Record<Member, string>> {
  const connectionString = settings[name];
  if (connectionString !== undefined && connectionString !== '') return { connectionString };
  const place = settings[`${name}__${member}`];
  if (place !== undefined && place !== '') return { [member]: place } as Readonly<Record<Member, string>>;
  throw new TypeError(`connection ${name}: set ${name} or ${name}__${member}`);
}

/** isDisabled tells whether a setting switches a function off. */
export function isDisabled(functionName: string, settings: Settings): boolean {
  const wanted = `azurewebjobs.${functionName}.disabled`.toLowerCase();
  return Object.entries(settings).some(([name, value]) => name.toLowerCase() === wanted && /^(1|true)$/i.test(value));
}
