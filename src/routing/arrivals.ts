import type { Sent } from './judge.ts';
import { regionName } from './sources.ts';
import { parseSenderRule } from '../config/azureIds.ts';
import type { HubId } from '../config/azureIds.ts';
import type { DiagnosticSetting, EstateReader, HubFacts } from '../ports/coverage.ts';

/**
 * Arrivals tells what of what is sent can arrive: at one of the hubs, that is there, by a rule that is there and may send. Each
 * question is asked once.
 */
export class Arrivals {
  readonly #reader: EstateReader;
  readonly #hubs: readonly HubId[];
  readonly #facts = new Map<string, Promise<HubFacts | 'gone'>>();
  readonly #rules = new Map<string, Promise<boolean | 'gone'>>();

  constructor(reader: EstateReader, hubs: readonly HubId[]) {
    this.#reader = reader;
    this.#hubs = hubs;
  }

  /** isThere tells whether a hub is there, whatever it takes. */
  async isThere({ id }: HubId): Promise<boolean> {
    return (await this.#factsOf(id)) !== 'gone';
  }

  /** locations gives the regions of the hubs that are there, as Azure writes them. */
  async locations(): Promise<readonly string[]> {
    const all = await Promise.all(this.#hubs.map(async ({ id }) => this.#factsOf(id)));
    return all.flatMap((facts) => (facts === 'gone' ? [] : [facts.location]));
  }

  /** bySettings gives what arrives of what diagnostic settings send of a resource in that region. */
  async bySettings(settings: readonly DiagnosticSetting[], location = ''): Promise<Sent> {
    const [categories, groups, lost] = [new Set<string>(), new Set<string>(), new Set<string>()];
    for (const setting of settings) {
      const { namespace, hub: ofRule } = parseSenderRule(setting.ruleId ?? '') ?? {};
      const hub = this.#hubNamed(namespace, setting.hubName ?? ofRule);
      if (hub === undefined || setting.categories.length + setting.groups.length === 0) continue;
      const why = (await this.whyNot(hub, location, true)) ?? (await this.#whyNotBy(setting.ruleId ?? ''));
      if (why !== undefined) {
        lost.add(`the setting ${setting.name} sends into nothing: ${why}`);
        continue;
      }
      for (const name of setting.categories) categories.add(name.toLowerCase());
      for (const name of setting.groups) groups.add(name.toLowerCase());
    }
    return { categories, groups, lost: [...lost] };
  }

  /** hubAt finds the hub of that resource id among those that count. */
  hubAt(id: string): HubId | undefined {
    return this.#hubs.find((hub) => hub.id === id.toLowerCase());
  }

  /** hubIn finds the hub of that name in a namespace, by its resource id, among those that count; or what the id itself names. */
  hubIn(id: string, name: string | undefined): HubId | undefined {
    return this.hubAt(id) ?? this.#hubNamed(id.toLowerCase(), name);
  }

  /** whyNot says why nothing can arrive at a hub from a region; undefined if it can. `byKey` is whether the sender has a key. */
  async whyNot({ id, namespace }: HubId, location: string, byKey: boolean): Promise<string | undefined> {
    const facts = await this.#factsOf(id);
    if (facts === 'gone') return `there is no hub ${id}`;
    if (facts.status !== 'Active') return `the hub ${id} is ${facts.status}, not Active`;
    const region = regionName(location);
    if (region !== '' && region !== 'global' && region !== regionName(facts.location))
      return `the hub ${id} is in ${facts.location}, and what is in ${location} can't send there`;
    if (byKey && !facts.takesKeys)
      return `local authentication of ${namespace} is off, and diagnostic settings have nothing but a key to sign in with`;
    return undefined;
  }

  #hubNamed(namespace: string | undefined, name: string | undefined): HubId | undefined {
    return this.#hubs.find((hub) => hub.namespace === namespace && hub.name === name?.toLowerCase());
  }

  async #whyNotBy(rule: string): Promise<string | undefined> {
    const may = await once(this.#rules, rule.toLowerCase(), () => this.#reader.maySend(rule));
    if (may === 'gone') return `the authorization rule ${rule} isn't there any more`;
    return may ? undefined : `the authorization rule ${rule} may not send`;
  }

  async #factsOf(id: string): Promise<HubFacts | 'gone'> {
    return once(this.#facts, id, () => this.#reader.hub(id));
  }
}

/** once asks a question at its first call, and gives that answer to all. */
export function once<T>(kept: Map<string, Promise<T>>, name: string, ask: () => Promise<T>): Promise<T> {
  const asked = kept.get(name) ?? ask();
  kept.set(name, asked);
  return asked;
}
