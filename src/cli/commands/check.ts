import { join } from 'node:path';
import { faultIn } from '../../core/errors.ts';
import type { AuditsealErrorCode } from '../../core/errors.ts';
import { checkAnswer } from '../../core/index/checkAnswer.ts';
import { vouchedFor } from '../../core/index/vouched.ts';
import { evaluateQuorum } from '../../core/note/witnessPolicy.ts';
import type { VerifiedSignature } from '../../core/note/note.ts';
import type { WitnessPolicy } from '../../core/note/witnessPolicy.ts';
import { ANSWER_FILE, isAnswer, parseAnswer } from '../../core/objects/answer.ts';
import type { Answer } from '../../core/objects/answer.ts';
import { MAX_EVIDENCE_BYTES, parseEvidence, verifyEvidence } from '../../core/objects/evidence.ts';
import type { Evidence } from '../../core/objects/evidence.ts';
import { checkSeveral, severalFiles } from '../checkSeveral.ts';
import type { Judging } from '../checkSeveral.ts';
import { defineCommand } from '../command.ts';
import { printAnswer, printAnswerJson } from '../answerReport.ts';
import { reportAsJson, reportAsText } from '../evidenceReport.ts';
import type { EvidenceReporter } from '../evidenceReport.ts';
import { isUserFolder, readUserFile } from '../files.ts';
import { readTrust } from '../keys.ts';
import type { TrustedKeys } from '../keys.ts';
import { jsonOption, policyOption } from '../options.ts';
import { unusable } from '../usage.ts';

/** It demands no witness. */
const NO_POLICY: WitnessPolicy = { logs: [], witnesses: [], groups: [], quorum: undefined };

/** What the evidence says, and is not so. Every other fault is that of a file which can't be read. */
const REFUTING: readonly AuditsealErrorCode[] = ['SIGNATURE_INVALID', 'PROOF_INVALID'];

export const command = defineCommand(
  {
    name: 'check',
    arguments: ['FILE…'],
    usage: ['FILE… --key VKEY [options]'],
    description: [
      'Checks evidence that auditseal prove wrote, or an answer that auditseal find wrote, offline, and shows the records ' +
        'and what exactly is proved. FILE may be the folder of an answer.',
      'Of several files of evidence, or a folder of them, each is one line, with one for all at the end; the exit status is the worst.',
    ],
    options: {
      key: {
        type: 'texts',
        placeholder: 'VKEY',
        meaning:
          "a key that you trust: the log's verifier key, from its operator or from your own records. The keys that the file " +
          'names are not trusted, because forged evidence names the keys of its forger',
      },
      'auditor-key': {
        type: 'texts',
        placeholder: 'VKEY',
        meaning:
          "a verifier key of the ledger's auditor: an answer is complete as an index says, and an auditor's signed report may say " +
          'that this is what the segments give; if none of this key does, the exit status is 2',
      },
      policy: policyOption("the evidence's checkpoint"),
      json: jsonOption('the result'),
    },
    exits: {
      fine: 'proved',
      wrong: 'refuted',
      unknown:
        'not checked: no key was given, or the file is not evidence; or an answer that is proved, and not that it is complete',
    },
    examples: [
      'auditseal check ./answer --key logs.example.com/prod+22e6b51e+AeMP… --auditor-key logs.example.com/prod/auditor+9a01c2d3+AbCd…',
      'auditseal check ./evidence --key logs.example.com/prod+22e6b51e+AeMP…',
      'auditseal check record.json --key logs.example.com/prod+22e6b51e+AeMP…',
    ],
  },
  async ({ given: [path], more, options }) => {
    const trust = await readTrust(options);
    const several = await severalFiles([path, ...more]);
    if (several !== undefined) return checkSeveral(several, trust, judgingBy(trust), options.json);
    const report = options.json ? reportAsJson : reportAsText;
    const isFolder = await isUserFolder(path);
    if (isFolder && (await isUserFolder(join(path, 'segments'))))
      throw unusable(`${path} is a mirror: auditseal verify checks it`);
    const file = await readUserFile('', isFolder ? join(path, ANSWER_FILE) : path, MAX_EVIDENCE_BYTES);
    if (isAnswer(file)) return reportAnswer(file, trust, options.json);
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

function reportAnswer(file: Buffer, { logKeys, policy, auditors }: TrustedKeys, isJson: boolean): number {
  const report = isJson ? reportAsJson : reportAsText;
  let answer: Answer;
  try {
    answer = parseAnswer(file);
  } catch (error) {
    const { code, message } = faultIn(error, 'malformed');
    return report.failed('unreadable', code, message);
  }
  if (logKeys.length === 0) return report.untrusted(answer.verifierKeys);
  try {
    const witnessKeys = (policy?.witnesses ?? []).map(({ verifierKey }) => verifierKey);
    const checked = checkAnswer(answer, [...logKeys, ...witnessKeys]);
    const lacking = whyNoQuorum(policy, checked.opened.cosignatures);
    if (lacking !== undefined) return report.failed('refuted', 'SIGNATURE_INVALID', lacking);
    const vouched = vouchedFor(answer, checked, auditors);
    const said = { answer, checked, vouched, isAuditorNamed: auditors !== undefined };
    return isJson ? printAnswerJson(said) : printAnswer(said);
  } catch (error) {
    // What it carries has to be what it should be: docs/format.md, section 9.8.
    const { code, message } = faultIn(error, 'malformed', 'contradicted');
    return report.failed(code === 'VERSION_UNKNOWN' ? 'unreadable' : 'refuted', code, message);
  }
}

const judgingBy = ({ policy }: TrustedKeys): Judging => ({
  whyNoQuorum: (cosignatures) => whyNoQuorum(policy, cosignatures),
  isRefuting: (code) => REFUTING.includes(code),
});

/** whyNoQuorum says in words how a policy's quorum is not met; undefined if it is. */
function whyNoQuorum(
  policy: WitnessPolicy | undefined,
  cosignatures: readonly VerifiedSignature[],
): string | undefined {
  const { isMet, cosigned } = evaluateQuorum(policy ?? NO_POLICY, cosignatures);
  if (isMet) return undefined;
  const who = cosigned.length === 0 ? "none of the policy's witnesses" : `only ${cosigned.join(', ')}`;
  return `${who} cosigned the checkpoint, which is not the policy's quorum`;
}

function reportEvidence(evidence: Evidence, { logKeys, policy }: TrustedKeys, report: EvidenceReporter): number {
  const witnessKeys = (policy?.witnesses ?? []).map(({ verifierKey }) => verifierKey);
  const result = verifyEvidence(evidence, [...logKeys, ...witnessKeys]);
  if (!result.ok)
    return report.failed(REFUTING.includes(result.code) ? 'refuted' : 'unreadable', result.code, result.why);
  const lacking = whyNoQuorum(policy, result.opened.cosignatures);
  return lacking === undefined
    ? report.proved(evidence, result)
    : report.failed('refuted', 'SIGNATURE_INVALID', lacking);
}
