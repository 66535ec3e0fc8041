import { Arrivals, hubOf, once } from './arrivals.ts';
import { Collection, MACHINE_LOGS } from './collection.ts';
import { judge, requiredOf } from './judge.ts';
import type { Sent } from './judge.ts';
import {
  ACTIVITY_CATEGORIES,
  ACTIVITY_LOG,
  ENTRA,
  ENTRA_CATEGORIES,
  isPipelines,
  sourcesOf,
  regionName,
} from './sources.ts';
import type { Source } from './sources.ts';
import { Tally } from './tally.ts';
import type { Counted, Unreadable } from './tally.ts';
import type { CoveragePromise, CoverageReport } from '../core/objects/coverage.ts';
import type { Finding } from '../core/objects/report.ts';
import { mapInOrder } from '../ledger/concurrency.ts';
import type { EstateReader, EstateResource, LogCategory, NoAnswer } from '../ports/coverage.ts';
import type { Clock } from '../ports/host.ts';

/** CoverageQuestion is what to ask, and what is promised. */
export interface CoverageQuestion {
  /** ids of subscriptions, `managementGroups/NAME`, and `tenant` for the logs of Entra ID, which takes a right at the tenant */
  readonly scopes: readonly string[];
  /** resource ids of event hubs: what sends to one of them is routed */
  readonly hubs: readonly string[];
  readonly promised: CoveragePromise;
}

export interface CoverageDeps {
  readonly reader: EstateReader;
  readonly now: Clock;
  /** how long to go on asking (default: 15 minutes) */
  readonly budgetMs?: number;
  /** how many resources to ask for at most (default: 50,000) */
  readonly mostResources?: number;
}

/** Coverage is what came of it: what goes into a report. */
export interface Coverage {
  readonly report: CoverageReport;
  readonly findings: readonly Finding[];
  readonly unreadable: readonly Unreadable[];
  readonly notChecked: readonly string[];
}

const BUDGET_MS = 15 * 60_000;
const MOST_RESOURCES = 50_000;
const AT_ONCE = 8;

const MANAGEMENT_GROUP = 'managementGroups/';
const TENANT = 'tenant';

const NOT_CHECKED = [
  'which resources there are is what Azure Resource Graph answered, which is minutes behind; what was made and deleted between two runs was not asked',
  'whether what is routed also arrives: the services answer for that, and a log that is switched off inside a resource shows in none of these answers',
  'whether the network rules of a hub let in what sends to it, and whether the identity of a data collection rule has a role that may send',
];
const NO_TENANT = 'whether the logs of Entra ID are sent was not asked';

/** askCoverage asks what of an estate sends its logs to the hubs. What can't be asked is never taken for routed. */
export async function askCoverage(deps: CoverageDeps, question: CoverageQuestion): Promise<Coverage> {
  const { reader, now, budgetMs = BUDGET_MS, mostResources = MOST_RESOURCES } = deps;
  const tally = new Tally(question.promised);
  const hubs = question.hubs.map(hubOf);
  const arrivals = new Arrivals(reader, hubs);
  const run = new Run(reader, arrivals, tally, { now, end: now() + budgetMs });
  const isTenantAsked = question.scopes.includes(TENANT);
  const others = question.scopes.filter((scope) => scope !== TENANT);
  const subscriptions = await subscriptionsOf(reader, others, tally);
  const resources: EstateResource[] = [];
  for (const subscription of subscriptions) {
    const left = mostResources - resources.length;
    for (const resource of await run.look(subscription, left)) resources.push(resource);
  }
  const groups = hubs.map(({ namespace }) => namespace.split('/providers/')[0] ?? '');
  await run.ask(resources, groups);
  if (isTenantAsked) await run.askTenant();
  return {
    report: {
      scopes: question.scopes,
      subscriptions,
      hubs: question.hubs,
      promised: question.promised,
      types: tally.types,
      findingsOmitted: tally.findingsOmitted,
    },
    findings: tally.findings,
    unreadable: tally.unreadable,
    notChecked: isTenantAsked ? NOT_CHECKED : [...NOT_CHECKED, NO_TENANT],
  };
}

/** subscriptionsOf gives the subscriptions that the scopes come to, each once. */
async function subscriptionsOf(reader: EstateReader, scopes: readonly string[], tally: Tally): Promise<string[]> {
  const found = new Set<string>();
  for (const scope of scopes) {
    if (!scope.startsWith(MANAGEMENT_GROUP)) {
      found.add(scope.toLowerCase());
      continue;
    }
    try {
      const below = await reader.subscriptionsIn(scope.slice(MANAGEMENT_GROUP.length));
      if (below.length === 0)
        tally.cannot(scope, 'there is no subscription in this management group, or none that may be seen');
      for (const id of below) found.add(id.toLowerCase());
    } catch (error) {
      tally.cannot(scope, error);
    }
  }
  return [...found];
}

interface Time {
  readonly now: Clock;
  /** ms since the Unix epoch */
  readonly end: number;
}

const OUT_OF_TIME =
  'the time that may be spent on asking was over; ask less at one time, by fewer subscriptions, or run `auditseal posture` by hand';

/** Run asks about each source and tells the tally. */
class Run {
  readonly #reader: EstateReader;
  readonly #arrivals: Arrivals;
  readonly #collection: Collection;
  readonly #tally: Tally;
  readonly #time: Time;
  readonly #categories = new Map<string, Promise<readonly LogCategory[] | NoAnswer>>();

  constructor(reader: EstateReader, arrivals: Arrivals, tally: Tally, time: Time) {
    this.#reader = reader;
    this.#arrivals = arrivals;
    this.#collection = new Collection(reader, arrivals);
    this.#tally = tally;
    this.#time = time;
  }

  /** look lists a subscription, asks for its activity log, and gives its resources. */
  async look(subscription: string, most: number): Promise<readonly EstateResource[]> {
    const id = `/subscriptions/${subscription}`;
    const log = { id, type: ACTIVITY_LOG, isKey: true };
    try {
      if (this.#isOver()) throw new OutOfTime();
      await this.#reader.requireReader(subscription);
    } catch (error) {
      this.#tally.skip(log, error instanceof OutOfTime ? OUT_OF_TIME : error);
      return [];
    }
    await this.#askLog(log, ACTIVITY_CATEGORIES, async () => this.#reader.settings(id));
    try {
      const { found, total } = await this.#reader.resources(subscription, most);
      if (found.length < total)
        this.#tally.cannot(
          id,
          `${total - found.length} of its ${total} resources were not asked: a run asks for no more of an estate than its bound; ask about fewer subscriptions at one time`,
        );
      if (found.length > 0) this.#collection.add(await this.#reader.associations(subscription));
      return found;
    } catch (error) {
      this.#tally.cannot(id, error);
      return [];
    }
  }

  async ask(resources: readonly EstateResource[], pipelineGroups: readonly string[]): Promise<void> {
    const sources: Source[] = [];
    for (const resource of resources) {
      const parts = sourcesOf(resource);
      if (!isPipelines(resource, pipelineGroups)) sources.push(...parts);
      else for (const part of parts) this.#tally.count(part, 'leftOut');
    }
    for await (const _ of mapInOrder(sources, AT_ONCE, async (source) => this.#askSource(source)));
  }

  async askTenant(): Promise<void> {
    const entra = { id: 'Entra ID', type: ENTRA, isKey: true };
    await this.#askLog(entra, ENTRA_CATEGORIES, async () => this.#reader.tenantSettings());
  }

  async #askSource(source: Source): Promise<void> {
    try {
      if (this.#isOver()) throw new OutOfTime();
      if (source.way === 'machine') return await this.#askMachine(source);
      const required = await this.#requiredOf(source);
      if (required === 'gone') return this.#tally.count(source, goneAs(source));
      if (required === 'no-logs' || required.length === 0) return this.#tally.count(source, 'withoutLogs');
      const settings = await this.#reader.settings(source.id);
      if (settings === 'gone') return this.#tally.count(source, goneAs(source));
      const platform = await this.#collection.ofPlatform(source);
      if (settings === 'no-logs' && platform.categories.size + platform.groups.size === 0)
        return this.#tally.count(source, 'withoutLogs');
      const own = await this.#arrivals.bySettings(settings === 'no-logs' ? [] : settings);
      await this.#conclude(source, required, together(own, platform), await this.#isSilent(source));
    } catch (error) {
      this.#tally.skip(source, error instanceof OutOfTime ? OUT_OF_TIME : error);
    }
  }

  async #askMachine(source: Source): Promise<void> {
    await this.#conclude(source, MACHINE_LOGS, await this.#collection.ofMachine(source.resource));
  }

  async #askLog(
    log: Counted,
    categories: readonly string[],
    ask: () => Promise<Awaited<ReturnType<EstateReader['settings']>>>,
  ): Promise<void> {
    try {
      const settings = await ask();
      if (typeof settings === 'string') return this.#tally.skip(log, 'Azure Resource Manager knows no such thing');
      const required = categories.map((name) => ({ name, groups: [] }));
      await this.#conclude(log, required, await this.#arrivals.bySettings(settings));
    } catch (error) {
      this.#tally.skip(log, error);
    }
  }

  /** #requiredOf asks which logs a source has: once for each type and kind, of the first that is still there. */
  async #requiredOf({ id, type, kind, required }: Source): Promise<readonly LogCategory[] | NoAnswer> {
    if (required !== undefined) return required.map((name) => ({ name, groups: ['audit'] }));
    const name = `${type} ${kind}`;
    const categories = await once(this.#categories, name, async () => this.#reader.categories(id));
    if (categories === 'gone') this.#categories.delete(name);
    return typeof categories === 'string' ? categories : requiredOf(categories);
  }

  /** #isSilent says what keeps a source from having logs at all, though they would be sent. */
  async #isSilent({ type, resource }: Source): Promise<string | undefined> {
    if (type !== 'microsoft.sql/servers') return undefined;
    const isAudited = await this.#reader.isAudited(resource);
    return isAudited === true
      ? undefined
      : "the server's auditing to Azure Monitor is off, so nothing is there to be sent";
  }

  async #conclude(
    source: Counted & Partial<Source>,
    required: readonly LogCategory[],
    sent: Sent,
    silence?: string,
  ): Promise<void> {
    const { outcome, missing } = judge(required, sent);
    if (outcome === 'withoutLogs') this.#tally.count(source, outcome);
    else if (outcome === 'routed' && silence === undefined) this.#tally.count(source, outcome);
    else if (outcome === 'partly')
      this.#tally.find(source, outcome, `of its logs these go to no hub of this ledger: ${missing.join(', ')}`);
    else {
      const reasons = [...(silence === undefined ? [] : [silence]), ...sent.lost, ...(await this.#regionOf(source))];
      const said = outcome === 'routed' ? 'its logs are not written' : 'its logs go to no hub of this ledger';
      this.#tally.find(source, 'notRouted', [said, ...reasons].join('; '));
    }
  }

  /** #regionOf says that no hub is in a source's region: then no setting could send there. */
  async #regionOf({ location = '' }: Partial<Source>): Promise<string[]> {
    if (location === '' || regionName(location) === 'global') return [];
    const locations = await this.#arrivals.locations();
    return locations.some((one) => regionName(one) === regionName(location))
      ? []
      : [`no hub that was given is in ${location}`];
  }

  #isOver(): boolean {
    return this.#time.now() >= this.#time.end;
  }
}

class OutOfTime extends Error {}

/** Not every storage account has each service; the account itself is there, or its other parts say so. */
const goneAs = ({ type }: Source): 'gone' | 'withoutLogs' =>
  type.startsWith('microsoft.storage/storageaccounts/') ? 'withoutLogs' : 'gone';

const together = (one: Sent, other: Sent): Sent => ({
  categories: new Set([...one.categories, ...other.categories]),
  groups: new Set([...one.groups, ...other.groups]),
  lost: [...one.lost, ...other.lost],
});
