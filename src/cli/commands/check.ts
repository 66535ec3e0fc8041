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
import type { Judging } from '../judgeFile.ts';
import { defineCommand } from '../command.ts';
import { evidenceOutcome } from '../../page/certificateEvidence.ts';
import { answerOutcome } from '../../page/certificateAnswer.ts';
import { refutedOutcome, unreadableOutcome, untrustedOutcome } from '../../page/certificate.ts';
import type { CertificateOutcome } from '../../page/certificate.ts';
import { lacksOf, printAnswer, printAnswerJson } from '../answerReport.ts';
import { fileCertificate } from '../certificate.ts';
import type { Result } from '../certificate.ts';
import { reportAsJson, reportAsText } from '../evidenceReport.ts';
import type { EvidenceReporter } from '../evidenceReport.ts';
import { fileKind } from '../fileKind.ts';
import { isUserFolder, readUserFile, refuseExisting } from '../files.ts';
import { readTrust, trustedVerifiers } from '../keys.ts';
import type { TrustedKeys } from '../keys.ts';
import { jsonOption, policyOption } from '../options.ts';
import { unusable, usageError } from '../usage.ts';

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
      html: {
        type: 'file',
        placeholder: 'CERT.html',
        meaning:
          'also write a certificate of the result, good or bad, to file: a page of its own, with all joins of the proof and a line to sign',
      },
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
      'auditseal check record.json --html certificate.html --key logs.example.com/prod+22e6b51e+AeMP…',
      'auditseal check ./evidence --key logs.example.com/prod+22e6b51e+AeMP…',
    ],
  },
  async ({ given: [path], more, options }) => {
    const trust = await readTrust(options);
    if (options.html !== undefined) await refuseExisting('--html', options.html);
    const several = await severalFiles([path, ...more]);
    if (several !== undefined) {
      if (options.html !== undefined)
        throw usageError('--html is of one file: check each by itself for its certificate');
      return checkSeveral(several, trust, judgingBy(trust), options.json);
    }
    const isFolder = await isUserFolder(path);
    if (isFolder && (await isUserFolder(join(path, 'segments'))))
      throw unusable(`${path} is a mirror: auditseal verify checks it`);
    const name = isFolder ? join(path, ANSWER_FILE) : path;
    const bytes = await readUserFile('', name, MAX_EVIDENCE_BYTES);
    const result = isAnswer(bytes)
      ? checkAnswerFile(bytes, trust, options.json)
      : checkFile(bytes, trust, options.json);
    return options.html === undefined ? result.exit : fileCertificate(options.html, { name, bytes }, trust, result);
  },
);

const reporterOf = (isJson: boolean): EvidenceReporter => (isJson ? reportAsJson : reportAsText);

function checkFile(file: Buffer, trust: TrustedKeys, isJson: boolean): Result {
  const report = reporterOf(isJson);
  let evidence: Evidence;
  try {
    evidence = parseEvidence(file);
  } catch (error) {
    const { code, message } = faultIn(error, 'malformed');
    return failed(report, 'unreadable', code, fileKind(file) ?? message);
  }
  if (trust.logKeys.length > 0) return reportEvidence(evidence, trust, report);
  const outcome = (): CertificateOutcome => evidenceOutcome({ evidence, keys: [], result: undefined });
  return { exit: report.untrusted(evidence.verifierKeys), outcome };
}

const failed = (
  report: EvidenceReporter,
  status: 'refuted' | 'unreadable',
  code: AuditsealErrorCode,
  why: string,
): Result => ({
  exit: report.failed(status, code, why),
  outcome: () =>
    status === 'unreadable'
      ? unreadableOutcome(why)
      : refutedOutcome(why, 'Nothing that the file says is proved, and none of its records is printed.'),
});

function checkAnswerFile(file: Buffer, { logKeys, policy, auditors }: TrustedKeys, isJson: boolean): Result {
  const report = reporterOf(isJson);
  let answer: Answer;
  try {
    answer = parseAnswer(file);
  } catch (error) {
    const { code, message } = faultIn(error, 'malformed');
    return failed(report, 'unreadable', code, message);
  }
  if (logKeys.length === 0) return { exit: report.untrusted(answer.verifierKeys), outcome: () => untrustedOutcome() };
  try {
    const checked = checkAnswer(answer, trustedVerifiers({ logKeys, policy }));
    const lacking = whyNoQuorum(policy, checked.opened.cosignatures);
    if (lacking !== undefined) return failed(report, 'refuted', 'SIGNATURE_INVALID', lacking);
    const vouched = vouchedFor(answer, checked, auditors);
    const said = { answer, checked, vouched, isAuditorNamed: auditors !== undefined };
    return {
      exit: isJson ? printAnswerJson(said) : printAnswer(said),
      outcome: () => answerOutcome({ ...said, lacks: lacksOf(answer.query, checked) }),
    };
  } catch (error) {
    // What it carries has to be what it should be: docs/format.md, section 9.8.
    const { code, message } = faultIn(error, 'malformed', 'contradicted');
    return failed(report, code === 'VERSION_UNKNOWN' ? 'unreadable' : 'refuted', code, message);
  }
}

/** judgingBy is how files are judged by who trusts these keys. */
export const judgingBy = ({ policy }: TrustedKeys): Judging => ({
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

function reportEvidence(evidence: Evidence, { logKeys, policy }: TrustedKeys, report: EvidenceReporter): Result {
  const keys = trustedVerifiers({ logKeys, policy });
  const result = verifyEvidence(evidence, keys);
  if (!result.ok && !REFUTING.includes(result.code)) return failed(report, 'unreadable', result.code, result.why);
  const lacking = result.ok ? whyNoQuorum(policy, result.opened.cosignatures) : undefined;
  const exit = !result.ok
    ? report.failed('refuted', result.code, result.why)
    : lacking === undefined
      ? report.proved(evidence, result)
      : report.failed('refuted', 'SIGNATURE_INVALID', lacking);
  return { exit, outcome: () => evidenceOutcome({ evidence, keys, result, lacking }) };
}
