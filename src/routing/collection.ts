import { once } from './arrivals.ts';
import type { Arrivals } from './arrivals.ts';
import type { Sent } from './judge.ts';
import { regionName } from './sources.ts';
import type { Source } from './sources.ts';
import type { CollectionRule, EstateReader, LogCategory, RuleAssociation, TableExport } from '../ports/coverage.ts';

/** What an agent's streams become in a workspace: the tables that are exported. */
const TABLES: Readonly<Record<string, string>> = { 'microsoft-event': 'event', 'microsoft-syslog': 'syslog' };

/** What the agent of a machine sends: one of the two is enough, by its system. */
export const MACHINE_LOGS: readonly LogCategory[] = [{ name: 'Event or Syslog', groups: ['machine'] }];

const TRANSFORMED = 'it transforms what it sends, and so may drop some';

/** Collection tells what data collection rules send. Rules and exports are asked for once each. */
export class Collection {
  readonly #reader: EstateReader;
  readonly #arrivals: Arrivals;
  readonly #associations = new Map<string, string[]>();
  readonly #rules = new Map<string, Promise<CollectionRule | 'gone'>>();
  readonly #exports = new Map<string, Promise<readonly TableExport[] | 'gone'>>();

  constructor(reader: EstateReader, arrivals: Arrivals) {
    this.#reader = reader;
    this.#arrivals = arrivals;
  }

  /** add takes in which rules are of which resources. */
  add(associations: readonly RuleAssociation[]): void {
    for (const { resource, rule } of associations) {
      const name = resource.toLowerCase();
      this.#associations.set(name, [...(this.#associations.get(name) ?? []), rule]);
    }
  }

  /** ofPlatform gives what platform telemetry rules send of the logs of a resource of that type, in that region. */
  async ofPlatform({ resource, type, location }: Pick<Source, 'resource' | 'type' | 'location'>): Promise<Sent> {
    const [categories, groups, lost] = [new Set<string>(), new Set<string>(), new Set<string>()];
    for (const rule of await this.#rulesOf(resource)) {
      if (!rule.isPlatform) continue;
      for (const { streams, to, isTransformed } of rule.flows) {
        const hub = to.map((id) => this.#arrivals.hubAt(id)).find((found) => found !== undefined);
        if (hub === undefined) continue;
        const why = isTransformed
          ? TRANSFORMED
          : regionName(rule.location) === regionName(location)
            ? await this.#arrivals.whyNot(hub, false)
            : `it is in ${rule.location}, and sends for resources of that region only`;
        if (why !== undefined) lost.add(`the rule ${rule.id} counts for nothing: ${why}`);
        // Microsoft.Insights/autoscaleSettings:Logs-AutoscaleEvaluations, and …:Logs-Group-All for all of them.
        for (const stream of why === undefined ? streams : []) {
          const [, of, group, category] = /^(.+):logs-(?:group-(\w+)|(.+))$/.exec(stream.toLowerCase()) ?? [];
          if (of !== type) continue;
          if (group !== undefined) groups.add(group === 'all' ? 'alllogs' : group);
          else if (category !== undefined) categories.add(category);
        }
      }
    }
    return { categories, groups, lost: [...lost] };
  }

  /** ofMachine gives what arrives of what the agent in a machine sends to workspaces, which export their tables. */
  async ofMachine(machine: string): Promise<Sent> {
    const [groups, lost] = [new Set<string>(), new Set<string>()];
    for (const rule of await this.#rulesOf(machine)) {
      if (rule.isPlatform) continue;
      for (const { streams, to, isTransformed } of rule.flows) {
        const tables = streams.flatMap((stream) => TABLES[stream.toLowerCase()] ?? []);
        for (const workspace of tables.length === 0 ? [] : to) {
          if (isTransformed) {
            lost.add(`the rule ${rule.id} counts for nothing: ${TRANSFORMED}`);
            continue;
          }
          const found = await this.#exportsOf(workspace);
          if (found === 'gone') {
            lost.add(`its rule sends to the workspace ${workspace}, which isn't there any more`);
            continue;
          }
          if (await this.#arrivesBy(found, tables)) groups.add('machine');
          else lost.add(`its rule sends to the workspace ${workspace}, which exports them to no such hub`);
        }
      }
    }
    return { categories: new Set(), groups, lost: groups.size > 0 ? [] : [...lost] };
  }

  async #arrivesBy(exports: readonly TableExport[], tables: readonly string[]): Promise<boolean> {
    for (const { namespace, hubName, tables: exported } of exports) {
      const hub = this.#arrivals.hubAt(namespace, hubName);
      if (hub === undefined || !exported.some((table) => tables.includes(table.toLowerCase()))) continue;
      if ((await this.#arrivals.whyNot(hub, false)) === undefined) return true;
    }
    return false;
  }

  async #rulesOf(resource: string): Promise<CollectionRule[]> {
    const ids = this.#associations.get(resource.toLowerCase()) ?? [];
    const rules = await Promise.all(
      ids.map(async (id) => once(this.#rules, id.toLowerCase(), () => this.#reader.collectionRule(id))),
    );
    return rules.filter((rule) => rule !== 'gone');
  }

  async #exportsOf(workspace: string): Promise<readonly TableExport[] | 'gone'> {
    return once(this.#exports, workspace.toLowerCase(), () => this.#reader.exports(workspace));
  }
}
