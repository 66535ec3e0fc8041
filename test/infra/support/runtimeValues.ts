import { createHash } from 'node:crypto';

/**
 * What Azure alone knows is left in an evaluated template as an expression: a client id, an address, the version of a
 * key. resolve puts stand-ins in their place, made from the names of the resources, so that a test reads plain values.
 */

export type Json = string | number | boolean | null | readonly Json[] | { readonly [name: string]: Json };

const GUID = '00000000-0000-4000-8000-000000000000';

/** guidOf makes a GUID out of a text, the same one each time, and another one for another text. */
export function guidOf(text: string): string {
  const digits = createHash('sha256').update(text).digest('hex').slice(0, 12);
  return GUID.slice(0, -12) + digits;
}

/** runtimeValues gives what Azure would say about a resource, by its type. */
function runtimeValues(id: string): Json {
  const name = id.split('/').at(-1) ?? '';
  const parent = id.split('/').at(-3) ?? '';
  const type: string =
    /\/providers\/([^/]+\/[^/]+)\/[^/]+(?:\/([^/]+)\/[^/]+)?$/.exec(id)?.slice(1).filter(Boolean).join('/') ?? '';
  switch (type) {
    case 'Microsoft.ManagedIdentity/userAssignedIdentities':
      return { principalId: `principal of ${name}`, clientId: guidOf(name) };
    case 'Microsoft.KeyVault/vaults':
      return { vaultUri: `https://${name}.vault.azure.net/` };
    case 'Microsoft.KeyVault/vaults/keys':
      return { keyUriWithVersion: `https://${parent}.vault.azure.net/keys/${name}/${'0123456789abcdef'.repeat(2)}` };
    case 'Microsoft.Storage/storageAccounts':
      return {
        primaryEndpoints: {
          blob: `https://${name}.blob.core.windows.net/`,
          queue: `https://${name}.queue.core.windows.net/`,
        },
      };
    case 'Microsoft.Insights/components':
      return {
        ConnectionString: `InstrumentationKey=${guidOf(name)};IngestionEndpoint=https://in.applicationinsights.azure.com/`,
      };
    case 'Microsoft.Web/sites':
      return { kind: name.startsWith('func') ? 'functionapp,linux' : 'app,linux' };
    case 'Microsoft.Insights/dataCollectionRules':
      return {
        identity: { principalId: `principal of ${name}` },
        endpoints: { logsIngestion: `https://${name}-abcd.westeurope-1.ingest.monitor.azure.com` },
        immutableId: `dcr-${'0123456789abcdef'.repeat(2)}`,
      };
    case 'Microsoft.Authorization/policyAssignments':
      return { identity: { principalId: `principal of ${name}` } };
    default:
      throw new Error(`no stand-ins for what Azure says about ${id}`);
  }
}

const ENVIRONMENT: Json = { suffixes: { storage: 'core.windows.net', keyvaultDns: '.vault.azure.net' } };

function textOf(value: Json | undefined): string {
  if (value === undefined || typeof value === 'object') throw new Error(`${JSON.stringify(value)} is no text`);
  return String(value);
}

const FUNCTIONS: Readonly<Record<string, (...values: readonly Json[]) => Json>> = {
  reference: (id) => runtimeValues(textOf(id)),
  guid: (...values) => guidOf(values.map(textOf).join()),
  extensionResourceId: (scope, type, name) => `${textOf(scope)}/providers/${textOf(type)}/${textOf(name)}`,
  subscriptionResourceId: (subscription, type, name) =>
    `/subscriptions/${textOf(subscription)}/providers/${textOf(type)}/${textOf(name)}`,
  managementGroupResourceId: (group, type, name) =>
    `/providers/Microsoft.Management/managementGroups/${textOf(group)}/providers/${textOf(type)}/${textOf(name)}`,
  tenantResourceId: (type, name) => `/providers/${textOf(type)}/${textOf(name)}`,
  environment: () => ENVIRONMENT,
  format: (form, ...values) => textOf(form).replaceAll(/\{(\d+)\}/g, (_all, i) => textOf(values[Number(i)])),
  trim: (text) => textOf(text).trim(),
  toLower: (text) => textOf(text).toLowerCase(),
  true: () => true,
  false: () => false,
  if: (condition, then, otherwise) => (condition === true ? then : otherwise) ?? null,
  contains: (text, part) => textOf(text).includes(textOf(part)),
  createArray: (...values) => values,
  createObject: (...values) =>
    Object.fromEntries(
      values.flatMap((name, i) => (i % 2 === 0 ? [[textOf(name), values[i + 1] as Json] as const] : [])),
    ),
};

/** resolve gives a value with its expressions replaced. It throws for an expression that it doesn't know. */
export function resolve(value: Json): Json {
  if (typeof value === 'string') return isExpression(value) ? new Expression(value.slice(1, -1)).read() : value;
  if (value === null || typeof value !== 'object') return value;
  if (Array.isArray(value)) return (value as readonly Json[]).map(resolve);
  return Object.fromEntries(Object.entries(value).map(([name, member]) => [name, resolve(member)]));
}

const isExpression = (text: string): boolean => text.startsWith('[') && !text.startsWith('[[') && text.endsWith(']');

/** Expression reads calls of functions with texts and numbers, and the members of what they give. */
class Expression {
  readonly #text: string;
  #at = 0;

  constructor(text: string) {
    this.#text = text;
  }

  read(): Json {
    const value = this.#value();
    if (this.#at !== this.#text.length) throw this.#unknown();
    return value;
  }

  #value(): Json {
    let value =
      this.#take(/'(?:[^']|'')*'/y)
        ?.slice(1, -1)
        .replaceAll("''", "'") ??
      this.#number() ??
      this.#call();
    for (let member = this.#member(); member !== undefined; member = this.#member()) {
      const found: Json | undefined = (value as Readonly<Record<string, Json>>)[member];
      if (found === undefined) throw new Error(`no stand-in for ${member} in ${this.#text}`);
      value = found;
    }
    return value;
  }

  #number(): number | undefined {
    const digits = this.#take(/-?\d+/y);
    return digits === undefined ? undefined : Number(digits);
  }

  #member(): string | undefined {
    return this.#take(/\.\w+/y)?.slice(1);
  }

  #call(): Json {
    const name = this.#take(/\w+\(/y)?.slice(0, -1);
    const call = name === undefined ? undefined : FUNCTIONS[name];
    if (call === undefined) throw this.#unknown();
    const values: Json[] = [];
    while (this.#take(/\)/y) === undefined) {
      if (values.length > 0 && this.#take(/, /y) === undefined) throw this.#unknown();
      values.push(this.#value());
    }
    return call(...values);
  }

  #take(pattern: RegExp): string | undefined {
    pattern.lastIndex = this.#at;
    const [found] = pattern.exec(this.#text) ?? [];
    this.#at += found?.length ?? 0;
    return found;
  }

  #unknown(): Error {
    return new Error(`can't evaluate ${this.#text} at ${this.#at}`);
  }
}
