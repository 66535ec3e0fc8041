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
 * those that they saw. So something else under that name is a finding that nobody has acknowledged.
 */
export async function acknowledgeFindings(
  context: Context,
  acknowledgements: readonly FiledAcknowledgement[],
): Promise<void> {
  const { findings } = context;
  const seen = new Map<string, Seen | undefined>();
  const byFinding = Map.groupBy(acknowledgements, ({ finding: { code, object } }) => keyOf(code, object));
  for (const finding of findings.listed.filter(mayBeAcknowledged)) {
    const { code, object } = finding;
    const candidates = byFinding.get(keyOf(code, object));
    if (candidates === undefined) continue;
    if (!seen.has(object)) seen.set(object, await look(context, object));
    const found = candidates.find((one) => one.finding.sha256 === seen.get(object));
    if (found === undefined) continue;
    const { name: action, who, why, time } = found;
    findings.acknowledge(finding, { action, who, why, time });
  }
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
