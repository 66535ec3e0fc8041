import { ACTIVITY_LOG, ENTRA, GROUP_LOG } from './sources.ts';
import type { Source } from './sources.ts';
import { faultIn } from '../core/errors.ts';
import type { CoverageCount, CoveragePromise } from '../core/objects/coverage.ts';
import type { Finding } from '../core/objects/report.ts';

/** Unreadable is what couldn't be asked, and why. */
export interface Unreadable {
  readonly object: string;
  readonly why: string;
}

/** Counted is what is told of a source: its type, and whether it is a key service. */
export type Counted = Pick<Source, 'id' | 'type' | 'isKey'>;

type Outcome = Exclude<keyof CoverageCount, 'type' | 'isKey' | 'sources'>;

/** Findings beyond these are only counted, so that a report stays small enough to be read again. */
const MOST_FINDINGS = 20_000;

/** An id is at most so long in a report. Azure's are shorter; what answered may not be Azure. */
const MOST_CHARACTERS = 400;

/** So many of the objects that one cause kept from being asked are named. */
const EXAMPLES = 3;

const NAMES: Readonly<Record<string, string>> = {
  [ACTIVITY_LOG]: 'the activity log',
  [ENTRA]: 'Entra ID',
  [GROUP_LOG]: "a management group's activity log",
  'microsoft.compute/virtualmachines': 'virtual machines',
  'microsoft.containerservice/managedclusters': 'Kubernetes',
  'microsoft.hybridcompute/machines': 'virtual machines',
  'microsoft.keyvault/managedhsms': 'Key Vault',
  'microsoft.keyvault/vaults': 'Key Vault',
  'microsoft.sql/managedinstances': 'SQL',
  'microsoft.sql/servers': 'SQL',
  'microsoft.storage/storageaccounts/blobservices': 'storage',
  'microsoft.web/sites': 'App Service',
  'microsoft.web/sites/slots': 'App Service',
};

/** Tally collects what was found of the sources. */
export class Tally {
  readonly #promised: CoveragePromise;
  readonly #counts = new Map<string, { isKey: boolean } & Record<Outcome, number>>();
  readonly #findings: Record<'error' | 'warning', Finding[]> = { error: [], warning: [] };
  readonly #causes = new Map<string, { why: string; type: string; objects: string[]; count: number }>();
  #omitted = 0;

  constructor(promised: CoveragePromise) {
    this.#promised = promised;
  }

  count({ type, isKey }: Counted, outcome: Outcome): void {
    const zero = { routed: 0, partly: 0, notRouted: 0, withoutLogs: 0, leftOut: 0, gone: 0, notAsked: 0 };
    const counts = this.#counts.get(type) ?? { isKey, ...zero };
    counts[outcome] += 1;
    this.#counts.set(type, counts);
  }

  /** find states that a source doesn't send all that it must. */
  find(source: Counted, outcome: 'partly' | 'notRouted', detail: string): void {
    this.count(source, outcome);
    const { id, type, isKey } = source;
    const isPromised = this.#promised === 'all' || (this.#promised === 'key' && isKey);
    const severity = isPromised ? 'error' : 'warning';
    const findings = this.#findings[severity];
    if (findings.length === MOST_FINDINGS) {
      this.#omitted += 1;
      return;
    }
    const key = isKey ? `; it is a key service (${NAMES[type] ?? type})` : '';
    findings.push({
      code: 'not-routed',
      severity,
      object: cut(id),
      detail: `${cut(detail)}${key}`,
    });
  }

  /** skip states that a source was not asked, and why. */
  skip(source: Counted, error: unknown): void {
    this.count(source, 'notAsked');
    this.cannot(source.id, error, source.type);
  }

  /** cannot states that something couldn't be asked. What has one cause, and one type, is told together. */
  cannot(object: string, error: unknown, type = ''): void {
    const why = typeof error === 'string' ? error : faultIn(error).message;
    const name = `${type} ${why}`;
    const cause = this.#causes.get(name) ?? { why, type, objects: [], count: 0 };
    cause.count += 1;
    if (cause.objects.length < EXAMPLES) cause.objects.push(cut(object));
    this.#causes.set(name, cause);
  }

  get types(): CoverageCount[] {
    return [...this.#counts]
      .map(([type, { isKey, ...counts }]) => ({
        type: cut(type),
        isKey,
        sources: Object.values(counts).reduce((sum, count) => sum + count, 0),
        ...counts,
      }))
      .toSorted((a, b) => (a.type < b.type ? -1 : 1));
  }

  get findings(): Finding[] {
    return this.#listed.toSorted((a, b) => (a.object < b.object ? -1 : 1));
  }

  get findingsOmitted(): number {
    const { error, warning } = this.#findings;
    return this.#omitted + error.length + warning.length - this.#listed.length;
  }

  /** Where there are too many, errors come before warnings: what was promised decides about the outcome. */
  get #listed(): readonly Finding[] {
    const { error, warning } = this.#findings;
    return [...error, ...warning].slice(0, MOST_FINDINGS);
  }

  get unreadable(): Unreadable[] {
    return [...this.#causes.values()].flatMap(({ why, type, objects, count }) =>
      count === objects.length
        ? objects.map((object) => ({ object, why }))
        : [{ object: `${count} of ${type}`, why: `${why}; such as ${objects.join(', ')}` }],
    );
  }
}

const cut = (text: string): string =>
  text.length <= MOST_CHARACTERS ? text.toWellFormed() : `${text.slice(0, MOST_CHARACTERS).toWellFormed()}…`;
