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
 * docs/format.md, section 10.6.
 */
export async function acknowledge(
  folder: Folder,
  findings: Findings,
  acknowledgements: readonly FiledAcknowledgement[],
): Promise<void> {
  const seen = new Map<string, string | null | undefined>();
  for (const finding of findings.listed.filter(mayBe)) {
    const { code, object } = finding;
    const candidates = acknowledgements.filter((it) => it.code === code && it.object === object);
    if (candidates.length === 0) continue;
    if (!seen.has(object)) seen.set(object, await folder.seenAs(object));
    const found = candidates.find(({ sha256 }) => sha256 === seen.get(object));
    if (found === undefined) continue;
    const { action, who, why, time } = found;
    findings.acknowledge(finding, { action, who, why, time });
  }
}
