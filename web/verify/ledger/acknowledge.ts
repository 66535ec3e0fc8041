import type { Acknowledgement } from './action.ts';
import { ACKNOWLEDGEABLE } from './findings.ts';
import type { Finding, Findings } from './findings.ts';
import type { Folder } from './folder.ts';

/** FiledAcknowledgement is an acknowledgement that counts. */
export interface FiledAcknowledgement extends Acknowledgement {
  /** name of its action */
  readonly action: string;
  readonly time: string;
}

/** Events that are missing undeclared, nobody acknowledges. */
const mayBe = ({ code, isDeclared }: Finding): boolean =>
  ACKNOWLEDGEABLE.includes(code) && (code !== 'sequence-gap' || isDeclared);

/**
 * acknowledge marks the findings that operators acknowledged: of that code, about that object, with the bytes that they saw.
 * The last that fits is named. It gives the names of those that fit no finding. docs/format.md, section 10.6.
 */
export async function acknowledge(
  folder: Folder,
  findings: Findings,
  acknowledgements: readonly FiledAcknowledgement[],
): Promise<string[]> {
  const fitting = new Set<FiledAcknowledgement>();
  const seen = new Map<string, string | null | undefined>();
  for (const finding of findings.listed.filter(mayBe)) {
    const { code, object } = finding;
    const candidates = acknowledgements.filter((it) => it.code === code && it.object === object);
    if (candidates.length === 0) continue;
    if (!seen.has(object)) seen.set(object, await folder.seenAs(object));
    const found = candidates.filter(({ sha256 }) => sha256 === seen.get(object));
    for (const one of found) fitting.add(one);
    const last = found.at(-1);
    if (last === undefined) continue;
    const { action, who, why, time } = last;
    findings.acknowledge(finding, { action, who, why, time });
  }
  return acknowledgements.filter((one) => !fitting.has(one)).map(({ action }) => action);
}
