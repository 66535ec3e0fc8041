import type { Context } from './context.ts';
import { faultIn } from '../core/errors.ts';
import { ACKNOWLEDGEABLE } from '../core/objects/acknowledgement.ts';
import type { Acknowledgement } from '../core/objects/acknowledgement.ts';
import type { Finding } from '../core/objects/report.ts';
import { seenAs } from '../ledger/seen.ts';
import type { Seen } from '../ledger/seen.ts';

/** FiledAcknowledgement is an acknowledgement that counts, and the name of its action. */
export interface FiledAcknowledgement extends Acknowledgement {
  readonly name: string;
}

/** mayBeAcknowledged tells whether an operator's word is taken for a finding: never for events that are missing undeclared. */
const mayBeAcknowledged = ({ code, declared }: Finding): boolean =>
  (ACKNOWLEDGEABLE as readonly string[]).includes(code) && (code !== 'sequence-gap' || declared === true);

/**
 * acknowledgeFindings marks the findings that operators acknowledged: of the same code, about the same object, whose bytes are
 * those that they saw. So something else under that name is a finding that nobody has acknowledged. The last one by number is
 * named, so that an operator can correct himself.
 */
export async function acknowledgeFindings(
  context: Context,
  acknowledgements: readonly FiledAcknowledgement[],
): Promise<void> {
  const { findings, tally } = context;
  const fitting = new Set<FiledAcknowledgement>();
  const seen = new Map<string, Seen | undefined>();
  const byFinding = Map.groupBy(acknowledgements, ({ finding: { code, object } }) => keyOf(code, object));
  for (const finding of findings.listed.filter(mayBeAcknowledged)) {
    const { code, object } = finding;
    const candidates = byFinding.get(keyOf(code, object));
    if (candidates === undefined) continue;
    if (!seen.has(object)) seen.set(object, await look(context, object));
    const found = candidates.filter((one) => one.finding.sha256 === seen.get(object));
    for (const one of found) fitting.add(one);
    const last = found.at(-1);
    if (last === undefined) continue;
    const { name: action, who, why, time } = last;
    findings.acknowledge(finding, { action, who, why, time });
  }
  for (const one of acknowledgements) if (!fitting.has(one)) tally.acknowledgementsWithoutFinding.push(one.name);
}

const keyOf = (code: string, object: string): string => `${code} ${object}`;

async function look({ store, tally }: Context, object: string): Promise<Seen | undefined> {
  try {
    return await seenAs(store, object);
  } catch (error) {
    tally.addUnreadable(object, faultIn(error).message);
    return undefined;
  }
}
