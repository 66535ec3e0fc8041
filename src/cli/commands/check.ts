import { faultIn } from '../../core/errors.ts';
import type { AuditsealErrorCode } from '../../core/errors.ts';
import { evaluateQuorum } from '../../core/note/witnessPolicy.ts';
import type { WitnessPolicy } from '../../core/note/witnessPolicy.ts';
import { MAX_EVIDENCE_BYTES, parseEvidence, verifyEvidence } from '../../core/objects/evidence.ts';
import type { Evidence } from '../../core/objects/evidence.ts';
import { defineCommand } from '../command.ts';
import { reportAsJson, reportAsText } from '../evidenceReport.ts';
import type { EvidenceReporter } from '../evidenceReport.ts';
import { readUserFile } from '../files.ts';
import { readTrust } from '../keys.ts';
import type { TrustedKeys } from '../keys.ts';
import { jsonOption, policyOption } from '../options.ts';

/** It demands no witness. */
const NO_POLICY: WitnessPolicy = { logs: [], witnesses: [], groups: [], quorum: undefined };

/** What the evidence says, and is not so. Every other fault is that of a file which can't be read. */
const REFUTING: readonly AuditsealErrorCode[] = ['SIGNATURE_INVALID', 'PROOF_INVALID'];

export const command = defineCommand(
  {
    name: 'check',
    arguments: ['FILE'],
    usage: ['FILE --key VKEY [options]'],
    description: [
      'Checks evidence that auditseal prove wrote, offline, and shows the record and what exactly is proved.',
    ],
    options: {
      key: {
        type: 'texts',
        placeholder: 'VKEY',
        meaning:
          "a key that you trust: the log's verifier key, from its operator or from your own records. The keys that the file " +
          'names are not trusted, because forged evidence names the keys of its forger',
      },
      policy: policyOption("the evidence's checkpoint"),
      json: jsonOption('the result'),
    },
    exits: {
      fine: 'proved',
      wrong: 'refuted',
      unknown: 'not checked: no key was given, or the file is not evidence',
    },
    examples: ['auditseal check record.json --key logs.example.com/prod+22e6b51e+AeMP…'],
  },
  async ({ given: [path], options }) => {
    const trust = await readTrust(options);
    const report = options.json ? reportAsJson : reportAsText;
    const file = await readUserFile('', path, MAX_EVIDENCE_BYTES);
    let evidence: Evidence;
    try {
      evidence = parseEvidence(file);
    } catch (error) {
      const { code, message } = faultIn(error, 'malformed');
      return report.failed('unreadable', code, message);
    }
    if (trust.logKeys.length === 0) return report.untrusted(evidence.verifierKeys);
    return reportEvidence(evidence, trust, report);
  },
);

function reportEvidence(evidence: Evidence, { logKeys, policy }: TrustedKeys, report: EvidenceReporter): number {
  const witnessKeys = (policy?.witnesses ?? []).map(({ verifierKey }) => verifierKey);
  const result = verifyEvidence(evidence, [...logKeys, ...witnessKeys]);
  if (!result.ok)
    return report.failed(REFUTING.includes(result.code) ? 'refuted' : 'unreadable', result.code, result.why);
  const { isMet, cosigned } = evaluateQuorum(policy ?? NO_POLICY, result.opened.cosignatures);
  if (isMet) return report.proved(evidence, result);
  const who = cosigned.length === 0 ? "none of the policy's witnesses" : `only ${cosigned.join(', ')}`;
  return report.failed(
    'refuted',
    'SIGNATURE_INVALID',
    `${who} cosigned the checkpoint, which is not the policy's quorum`,
  );
}
