import { ACKNOWLEDGEABLE } from '../core/objects/acknowledgement.ts';
import { documentName, folderOf } from '../core/objects/names.ts';
import type { DocumentPlace } from '../core/objects/names.ts';
import { isAcknowledged } from '../core/objects/report.ts';
import type { AcknowledgedBy, Finding, FindingCode, Report } from '../core/objects/report.ts';

/** Findings of one code in one folder beyond this many are counted, not listed. So who plants objects can't hide what else is wrong. */
const MAX_OF_A_KIND = 1000;

/** What depends on the clock is looked at anew by every check. */
const BY_THE_CLOCK: readonly FindingCode[] = [
  'action-unfinished',
  'clock-ahead',
  'partition-silent',
  'recheck-overdue',
];

/** isRepeated tells the findings that a check which goes on takes over. */
const isRepeated = ({ code }: Finding): boolean => !BY_THE_CLOCK.includes(code);

/** Findings collects what a check states. What is said twice, or repeated and then found again, counts once. */
export class Findings {
  readonly #listed = new Map<string, Finding>();
  /** by code and folder */
  readonly #counts = new Map<string, number>();
  omitted = 0;
  /** an error is only counted: nobody can acknowledge it */
  #hasOmittedError = false;
  /** how many of an earlier check were taken over */
  repeated = 0;

  get listed(): readonly Finding[] {
    return [...this.#listed.values()];
  }

  error(code: FindingCode, object: string, detail: string): void {
    this.#add({ code, severity: 'error', object, detail });
  }

  warn(code: FindingCode, object: string, detail: string): void {
    this.#add({ code, severity: 'warning', object, detail });
  }

  /** declared says that a segment declares events missing. */
  declared(object: string, detail: string): void {
    this.#add({ code: 'sequence-gap', severity: 'error', object, detail, declared: true });
  }

  /** isSaid tells whether there is a finding of that code about an object. */
  isSaid(code: FindingCode, object: string): boolean {
    return this.listed.some((finding) => finding.code === code && finding.object === object);
  }

  /** isViolated tells whether there is an error that nobody acknowledged. */
  get isViolated(): boolean {
    return (
      this.#hasOmittedError ||
      this.listed.some(({ severity, acknowledged }) => severity === 'error' && acknowledged === undefined)
    );
  }

  /**
   * isContradicted tells whether there is an error that says more than that something counts for nothing, is gone by its own word, or is
   * silent: so that what the log says may not be so.
   */
  get isContradicted(): boolean {
    const isHarmless = ({ code }: Finding): boolean => (ACKNOWLEDGEABLE as readonly FindingCode[]).includes(code);
    return this.#hasOmittedError || this.listed.some((finding) => finding.severity === 'error' && !isHarmless(finding));
  }

  /** acknowledged counts the listed findings that somebody acknowledged. */
  get acknowledged(): number {
    return this.listed.filter(isAcknowledged).length;
  }

  /** acknowledge marks a listed finding. */
  acknowledge(finding: Finding, acknowledged: AcknowledgedBy): void {
    this.#listed.set(keyOf(finding), { ...finding, acknowledged });
  }

  /** foreignName says that the format knows no object of a name. */
  foreignName(name: string): void {
    this.error('foreign-object', name, 'the format knows no object of this name');
  }

  /** hole says that a report or an action stands behind a hole in the numbers of its kind. */
  hole({ type, number }: DocumentPlace): void {
    const why = `no object has the name of the ${type} before, ${documentName(type, number - 1)}`;
    this.error('foreign-object', documentName(type, number), why);
  }

  /** take states what was found elsewhere, in slices of a recheck, as it was stated there. */
  take(findings: readonly Finding[]): void {
    for (const finding of findings) this.#add(finding);
  }

  /**
   * repeat takes over the findings of an earlier check, because this one doesn't look there again. Which are acknowledged, it
   * finds itself. Of those that were only counted nobody knows more than that they may be errors. With `isPart` they are of another
   * part of this check: none is left out, and none counts as repeated.
   */
  repeat(
    { findings, findingsOmitted, status }: Pick<Report, 'findings' | 'findingsOmitted' | 'status'>,
    isPart = false,
  ): void {
    for (const { acknowledged: _, ...finding } of isPart ? findings : findings.filter(isRepeated))
      if (this.#add(finding) && !isPart) this.repeated += 1;
    if (isPart) this.omitted += findingsOmitted;
    if (findingsOmitted > 0 && status === 'violated') this.#hasOmittedError = true;
  }

  /** add gives false for what was said already. */
  #add(finding: Finding): boolean {
    const { code, severity, object } = finding;
    const key = keyOf(finding);
    if (this.#listed.has(key)) return false;
    const kind = `${code} ${folderOf(object)}`;
    const count = this.#counts.get(kind) ?? 0;
    if (count < MAX_OF_A_KIND) {
      this.#listed.set(key, finding);
      this.#counts.set(kind, count + 1);
    } else {
      this.omitted += 1;
      if (severity === 'error') this.#hasOmittedError = true;
    }
    return true;
  }
}

const keyOf = ({ code, object, detail }: Finding): string => JSON.stringify([code, object, detail]);
