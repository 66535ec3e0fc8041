import { Arrivals } from './arrivals.ts';
import { Collection, machineLogs } from './collection.ts';
import { judge, requiredOf } from './judge.ts';
import type { Sent } from './judge.ts';
import {
  ACTIVITY_CATEGORIES,
  ACTIVITY_LOG,
  ENTRA,
  ENTRA_CATEGORIES,
  GROUP_CATEGORIES,
  GROUP_LOG,
  isPipelines,
  sourcesOf,
  regionName,
} from './sources.ts';
import type { Source } from './sources.ts';
import { Tally } from './tally.ts';
import type { Counted, Unreadable } from './tally.ts';
import { parseHubId } from '../config/azureIds.ts';
import type { HubId } from '../config/azureIds.ts';
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
  'whether the agent of a machine is installed and runs; machines of a scale set are not asked one by one',
  'which logs a type has, where it is no key service: it was asked of one resource of each type and kind, and of more where only categories are sent',
];
const NO_TENANT = 'whether the logs of Entra ID are sent was not asked';

/** askCoverage asks what of an estate sends its logs to the hubs. What can't be asked is never taken for routed. */
export async function askCoverage(deps: CoverageDeps, question: CoverageQuestion): Promise<Coverage> {
  const { reader, now, budgetMs = BUDGET_MS, mostResources = MOST_RESOURCES } = deps;
  const tally = new Tally(question.promised);
  const hubs = hubsOf(question.hubs, tally);
  const arrivals = new Arrivals(reader, hubs);
  const run = new Run(reader, arrivals, tally, { now, end: now() + budgetMs });
  const isTenantAsked = question.scopes.includes(TENANT);
  const others = question.scopes.filter((scope) => scope !== TENANT);
  for (const hub of hubs) await run.askHub(hub);
  const { subscriptions, groups } = await scopesOf(reader, others, tally);
  for (const group of groups) await run.askGroup(group);
  const resources: EstateResource[] = [];
  for (const subscription of subscriptions) {
    const left = mostResources - resources.length;
    for (const resource of await run.look(subscription, left)) resources.push(resource);
  }
  const pipelineGroups = hubs.map(({ group }) => group);
  await run.ask(resources, pipelineGroups);
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

function hubsOf(ids: readonly string[], tally: Tally): HubId[] {
  return ids.flatMap((id) => {
    const hub = parseHubId(id);
    if (hub === undefined) tally.cannot(id, 'it is not the resource id of an event hub');
    return hub === undefined ? [] : [hub];
  });
}

/** scopesOf gives the subscriptions that the scopes come to, and the management groups among them and below, each once. */
async function scopesOf(
  reader: EstateReader,
  scopes: readonly string[],
  tally: Tally,
): Promise<{ subscriptions: string[]; groups: string[] }> {
  const subscriptions = new Set<string>();
  const groups = new Map<string, string>();
  for (const scope of scopes) {
    if (!scope.startsWith(MANAGEMENT_GROUP)) {
      subscriptions.add(scope.toLowerCase());
      continue;
    }
    const name = scope.slice(MANAGEMENT_GROUP.length);
    try {
      const below = await reader.descendants(name);
      if (below.subscriptions.length === 0)
        tally.cannot(scope, 'there is no subscription in this management group, or none that may be seen');
      for (const id of below.subscriptions) subscriptions.add(id.toLowerCase());
      for (const group of [name, ...below.groups]) groups.set(group.toLowerCase(), group);
    } catch (error) {
      tally.cannot(scope, error);
    }
  }
  return { subscriptions: [...subscriptions], groups: [...groups.values()] };
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

  /** askHub says of a hub that it isn't there: nothing can be routed to it. */
  async askHub(hub: HubId): Promise<void> {
    try {
      if (!(await this.#arrivals.isThere(hub))) this.#tally.cannot(hub.id, 'there is no such event hub');
    } catch (error) {
      this.#tally.cannot(hub.id, error);
    }
  }

  async askGroup(group: string): Promise<void> {
    const log = { id: `${MANAGEMENT_GROUP}${group}`, type: GROUP_LOG, isKey: true };
    await this.#askLog(log, GROUP_CATEGORIES, async () => this.#reader.groupSettings(group));
  }

  async #askSource(source: Source): Promise<void> {
    try {
      if (this.#isOver()) throw new OutOfTime();
      if (source.way === 'machine') return await this.#askMachine(source);
      const required = await this.#requiredOf(source);
      if (required === 'gone') return this.#tally.count(source, await this.#goneAs(source));
      if (required === 'no-logs' || required.logs.length === 0) return this.#tally.count(source, 'withoutLogs');
      const settings = await this.#reader.settings(source.id);
      if (settings === 'gone') return this.#tally.count(source, await this.#goneAs(source));
      const sent = await this.#sentBy(source, settings, required.logs);
      if (sent === 'no-logs') return this.#tally.count(source, 'withoutLogs');
      const silence = await this.#silenceOf(source);
      if (silence === 'gone') return this.#tally.count(source, 'gone');
      const logs = required.isInferred && isByCategory(sent) ? await this.#ownLogs(source) : required.logs;
      await this.#conclude(source, logs, sent, silence?.why);
    } catch (error) {
      this.#tally.skip(source, error instanceof OutOfTime ? OUT_OF_TIME : error);
    }
  }

  /** #sentBy gives what arrives: by settings and, where that isn't all, by rules. */
  async #sentBy(
    source: Source,
    settings: Awaited<ReturnType<EstateReader['settings']>>,
    required: readonly LogCategory[],
  ): Promise<Sent | 'no-logs'> {
    const own = await this.#arrivals.bySettings(typeof settings === 'string' ? [] : settings, source.location);
    if (judge(required, own).outcome === 'routed') return own;
    const platform = await this.#collection.ofPlatform(source);
    const isSent = platform.categories.size + platform.groups.size > 0;
    return settings === 'no-logs' && !isSent ? 'no-logs' : together(own, platform);
  }

  async #askMachine(source: Source): Promise<void> {
    await this.#conclude(source, machineLogs(source.system), await this.#collection.ofMachine(source));
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

  /**
   * #requiredOf asks which logs a source has: of key services each, of others one of each type and kind. What was gone, refused or has
   * none says nothing of the next one.
   */
  async #requiredOf(source: Source): Promise<Required | NoAnswer> {
    const { type, kind, required } = source;
    if (required !== undefined)
      return { logs: required.map((name) => ({ name, groups: ['audit'] })), isInferred: false };
    const name = `${type} ${kind}`;
    const known = source.isKey ? undefined : await this.#categories.get(name)?.catch(() => undefined);
    if (known === 'no-logs') return known;
    if (Array.isArray(known) && known.length > 0) return { logs: requiredOf(known), isInferred: true };
    const asking = this.#reader.categories(source.id);
    this.#categories.set(name, asking);
    const own = await asking;
    return typeof own === 'string' ? own : { logs: requiredOf(own), isInferred: false };
  }

  /** #ownLogs asks a source itself which logs it has, where those of another one would decide. */
  async #ownLogs({ id }: Source): Promise<readonly LogCategory[]> {
    const own = await this.#reader.categories(id);
    return typeof own === 'string' ? [] : requiredOf(own);
  }

  /** #goneAs says what it means that a source is gone: not every storage account has each service. */
  async #goneAs({ type, resource }: Source): Promise<'gone' | 'withoutLogs'> {
    if (!type.startsWith('microsoft.storage/storageaccounts/')) return 'gone';
    return (await this.#reader.settings(resource)) === 'gone' ? 'gone' : 'withoutLogs';
  }

  /** #silenceOf says what keeps a source from having logs at all, though they would be sent. */
  async #silenceOf({ type, resource }: Source): Promise<{ readonly why: string } | 'gone' | undefined> {
    if (type !== 'microsoft.sql/servers') return undefined;
    const auditing = await this.#reader.auditing(resource);
    if (auditing === 'gone') return auditing;
    const { isOn, hasActions, hasPredicate } = auditing;
    if (!isOn) return { why: "the server's auditing to Azure Monitor is off, so nothing is there to be sent" };
    if (!hasActions) return { why: "the server's auditing names no actions, so nothing is there to be sent" };
    return hasPredicate ? { why: "the server's auditing has a predicate, which leaves records out" } : undefined;
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
      this.#tally.find(
        source,
        outcome,
        [`of its logs these go to no hub of this ledger: ${missing.join(', ')}`, ...sent.lost].join('; '),
      );
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

/** Required is the logs that a source must send; inferred are those of another one of its type. */
interface Required {
  readonly logs: readonly LogCategory[];
  readonly isInferred: boolean;
}

/** isByCategory tells whether categories alone are sent, and no group: whether those are all, the source itself has to say. */
const isByCategory = ({ categories, groups }: Sent): boolean =>
  categories.size > 0 && !groups.has('alllogs') && !groups.has('audit');

const together = (one: Sent, other: Sent): Sent => ({
  categories: new Set([...one.categories, ...other.categories]),
  groups: new Set([...one.groups, ...other.groups]),
  lost: [...one.lost, ...other.lost],
});
