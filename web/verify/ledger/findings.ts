/** FindingCode is one of docs/format.md, section 10.2. */
export type FindingCode =
  | 'chain-broken'
  | 'segment-missing'
  | 'segment-malformed'
  | 'segment-changed'
  | 'sequence-gap'
  | 'sequence-overlap'
  | 'hub-recreated'
  | 'foreign-object'
  | 'entry-mismatch'
  | 'tile-mismatch'
  | 'checkpoint-invalid'
  | 'checkpoint-inconsistent'
  | 'checkpoint-stale'
  | 'cosignature-invalid'
  | 'not-integrated'
  | 'clock-ahead'
  | 'action-unfinished';

/** Finding is one thing that is wrong, with the name of the object. */
export interface Finding {
  readonly code: FindingCode;
  /** a warning is worth a look, and violates nothing */
  readonly severity: 'error' | 'warning';
  readonly object: string;
  readonly detail: string;
  /** a segment says so itself */
  readonly isDeclared: boolean;
  /** who looked into it and acknowledged it */
  readonly acknowledged: AcknowledgedBy | undefined;
}

/** AcknowledgedBy is what the action says by which somebody acknowledged a finding. */
export interface AcknowledgedBy {
  /** name of the action */
  readonly action: string;
  readonly who: string;
  readonly why: string;
  readonly time: string;
}

/** ACKNOWLEDGEABLE are the codes of what an operator may acknowledge, also of what only a ledger in use can show. docs/format.md, section 10.6. */
export const ACKNOWLEDGEABLE: readonly string[] = [
  'sequence-gap',
  'hub-recreated',
  'foreign-object',
  'cosignature-invalid',
  'clock-ahead',
  'action-unfinished',
  'partition-silent',
];

/** Unreadable is an object that is there and could not be read. */
export interface Unreadable {
  readonly object: string;
  readonly why: string;
}

const WARNINGS: readonly FindingCode[] = ['clock-ahead', 'action-unfinished'];

const FOLDERS: readonly string[] = [
  'segments/',
  'batches/',
  'checkpoints/',
  'cosignatures/',
  'reports/',
  'actions/',
  'tlog/',
];

/** folderOf gives the folder of a name, '' for one that the format doesn't know: of those anybody can make up as many as he likes. */
function folderOf(name: string): string {
  const folder = name.slice(0, name.indexOf('/') + 1);
  return FOLDERS.includes(folder) ? folder : '';
}

/**
 * Findings of one code in one folder beyond this many are counted, not listed, and so are objects of one folder that can't be read.
 * So who plants objects can't hide what else is wrong.
 */
const MAX_OF_A_KIND = 1000;

/** Findings collects what is wrong: what is said twice counts once. */
export class Findings {
  readonly #listed = new Map<string, Finding>();
  omitted = 0;
  readonly #unreadable = new Map<string, Unreadable>();
  readonly #unreadableIn = new Map<string, number>();
  /** objects that could not be read and are not listed */
  unreadableOmitted = 0;
  /** how many of each code are only counted */
  readonly omittedOf = new Map<FindingCode, number>();
  #hasOmittedError = false;
  /** by code and folder */
  readonly #counts = new Map<string, number>();

  get listed(): readonly Finding[] {
    return [...this.#listed.values()];
  }

  /** isViolated tells whether there is an error that nobody acknowledged. */
  get isViolated(): boolean {
    const isOpen = ({ severity, acknowledged }: Finding): boolean => severity === 'error' && acknowledged === undefined;
    return this.#hasOmittedError || this.listed.some(isOpen);
  }

  say = (code: FindingCode, object: string, detail: string): void => this.#add(code, object, detail, false);

  /** declared says that a segment declares events missing. */
  declared = (object: string, detail: string): void => this.#add('sequence-gap', object, detail, true);

  /** acknowledge marks a listed finding. */
  acknowledge(finding: Finding, acknowledged: AcknowledgedBy): void {
    const { code, object, detail } = finding;
    this.#listed.set(JSON.stringify([code, object, detail]), { ...finding, acknowledged });
  }

  #add(code: FindingCode, object: string, detail: string, isDeclared: boolean): void {
    const severity = WARNINGS.includes(code) ? 'warning' : 'error';
    const key = JSON.stringify([code, object, detail]);
    if (this.#listed.has(key)) return;
    const kind = `${code} ${folderOf(object)}`;
    const count = this.#counts.get(kind) ?? 0;
    if (count === MAX_OF_A_KIND) {
      this.omitted += 1;
      if (severity === 'error') this.#hasOmittedError = true;
      this.omittedOf.set(code, (this.omittedOf.get(code) ?? 0) + 1);
      return;
    }
    this.#counts.set(kind, count + 1);
    this.#listed.set(key, { code, severity, object, detail, isDeclared, acknowledged: undefined });
  }

  get unreadable(): readonly Unreadable[] {
    return [...this.#unreadable.values()];
  }

  unread = (object: string, why: string): void => {
    if (this.#unreadable.has(object)) return;
    const folder = folderOf(object);
    const count = this.#unreadableIn.get(folder) ?? 0;
    if (count === MAX_OF_A_KIND) this.unreadableOmitted += 1;
    else {
      this.#unreadableIn.set(folder, count + 1);
      this.#unreadable.set(object, { object, why });
    }
  };
}
