import { once } from './arrivals.ts';
import type { Arrivals } from './arrivals.ts';
import type { Sent } from './judge.ts';
import { regionName } from './sources.ts';
import type { Source } from './sources.ts';
import type {
  CollectionFlow,
  CollectionRule,
  EstateReader,
  LogCategory,
  RuleAssociation,
  TableExport,
} from '../ports/coverage.ts';

/** MachineLog is one log that the agent of a machine collects: its stream, the table that it ends in, and what of it is wanted. */
interface MachineLog {
  readonly name: string;
  readonly stream: string;
  readonly table: string;
  /** whether what the sources of a rule select holds what is wanted */
  readonly isEnough: (selects: readonly string[]) => boolean;
}

/** Who signed in, and who may do what: the log Security of Windows; auth and authpriv of Linux. */
const WINDOWS: MachineLog = {
  name: 'Event (Security)',
  stream: 'microsoft-event',
  table: 'event',
  isEnough: (selects) => selects.some((query) => /^security!\*/i.test(query)),
};
const LINUX: MachineLog = {
  name: 'Syslog (auth, authpriv)',
  stream: 'microsoft-syslog',
  table: 'syslog',
  isEnough: (selects) => selects.includes('*') || (selects.includes('auth') && selects.includes('authpriv')),
};

/** Of a machine whose system nobody says both are wanted. */
const logsOf = (system: string): readonly MachineLog[] =>
  system === 'windows' ? [WINDOWS] : system === 'linux' ? [LINUX] : [WINDOWS, LINUX];

/** machineLogs gives the logs that a machine must send, by its system. */
export const machineLogs = (system: string): readonly LogCategory[] =>
  logsOf(system).map(({ name, table }) => ({ name, groups: [table] }));

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
      for (const flow of rule.flows) {
        if (!flow.to.some((id) => this.#arrivals.hubAt(id) !== undefined)) continue;
        const why =
          regionName(rule.location) === regionName(location)
            ? await this.#whyNone(flow, location)
            : `it is in ${rule.location}, and sends for resources of that region only`;
        const arrived = why === undefined ? flow.streams.filter((stream) => collected(rule, stream) === 'whole') : [];
        const isCut = flow.streams.some((stream) => collected(rule, stream) === 'transformed');
        if (why !== undefined || isCut) lost.add(`the rule ${rule.id} counts for nothing: ${why ?? TRANSFORMED}`);
        // Microsoft.Insights/autoscaleSettings:Logs-AutoscaleEvaluations, and …:Logs-Group-All for all of them.
        for (const stream of arrived) {
          const [, of, group, category] = /^(.+):logs-(?:group-(\w+)|(.+))$/.exec(stream) ?? [];
          if (of !== type) continue;
          if (group !== undefined) groups.add(group === 'all' ? 'alllogs' : group);
          else if (category !== undefined) categories.add(category);
        }
      }
    }
    return { categories, groups, lost: [...lost] };
  }

  /** #whyNone says why a flow brings nothing to any of its hubs. */
  async #whyNone({ to, isTransformed }: CollectionFlow, location: string): Promise<string | undefined> {
    if (isTransformed) return TRANSFORMED;
    let first: string | undefined;
    for (const id of to) {
      const hub = this.#arrivals.hubAt(id);
      const why = hub && (await this.#arrivals.whyNot(hub, location, false));
      if (hub !== undefined && why === undefined) return undefined;
      first ??= why;
    }
    return first;
  }

  /** ofMachine gives what arrives of what the agent in a machine sends: to workspaces, which export their tables, or to hubs. */
  async ofMachine({ resource, system, location }: Pick<Source, 'resource' | 'system' | 'location'>): Promise<Sent> {
    const [groups, lost] = [new Set<string>(), new Set<string>()];
    for (const rule of await this.#rulesOf(resource)) {
      if (rule.isPlatform) continue;
      for (const log of logsOf(system))
        for (const flow of rule.flows.filter(({ streams }) => streams.includes(log.stream))) {
          const why = (await this.#whyNoLog(rule, flow, log)) ?? (await this.#whyNowhere(flow, log, location));
          if (why === undefined) groups.add(log.table);
          else lost.add(why);
        }
    }
    return { categories: new Set(), groups, lost: [...lost] };
  }

  async #whyNoLog(rule: CollectionRule, flow: CollectionFlow, log: MachineLog): Promise<string | undefined> {
    const sources = rule.sources.filter(({ streams, isEmpty }) => streams.includes(log.stream) && !isEmpty);
    if (flow.isTransformed || sources.some(({ isTransformed }) => isTransformed))
      return `the rule ${rule.id} counts for nothing: ${TRANSFORMED}`;
    return log.isEnough(sources.flatMap(({ selects }) => selects))
      ? undefined
      : `the rule ${rule.id} does not collect all of ${log.name}`;
  }

  async #whyNowhere({ to }: CollectionFlow, log: MachineLog, location: string): Promise<string | undefined> {
    let first: string | undefined;
    for (const id of to) {
      const hub = this.#arrivals.hubAt(id);
      const why =
        hub === undefined ? await this.#whyNotExported(id, log) : await this.#arrivals.whyNot(hub, location, false);
      if (why === undefined) return undefined;
      first ??= why;
    }
    return first ?? 'its rule sends nowhere';
  }

  async #whyNotExported(workspace: string, { table }: MachineLog): Promise<string | undefined> {
    const exports = await this.#exportsOf(workspace);
    if (exports === 'gone') return `its rule sends to the workspace ${workspace}, which isn't there any more`;
    for (const { namespace, hubName, tables } of exports) {
      const hub = this.#arrivals.hubIn(namespace, hubName);
      if (hub === undefined || !tables.some((name) => name.toLowerCase() === table)) continue;
      if ((await this.#arrivals.whyNot(hub, '', false)) === undefined) return undefined;
    }
    return `its rule sends to the workspace ${workspace}, which exports the table to no such hub`;
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

/** collected tells whether a rule collects a stream, and all of it. */
function collected({ sources }: CollectionRule, stream: string): 'whole' | 'transformed' | undefined {
  const own = sources.filter(({ streams }) => streams.includes(stream));
  if (own.length === 0) return undefined;
  return own.some(({ isTransformed }) => !isTransformed) ? 'whole' : 'transformed';
}
