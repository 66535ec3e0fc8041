import { lacksOf } from './answerReport.ts';
import { fileKind } from './fileKind.ts';
import { trustedVerifiers } from './keys.ts';
import type { TrustedKeys } from './keys.ts';
import { counted } from './output.ts';
import { faultIn } from '../core/errors.ts';
import type { AuditsealErrorCode } from '../core/errors.ts';
import { checkAnswer } from '../core/index/checkAnswer.ts';
import { vouchedFor } from '../core/index/vouched.ts';
import type { VerifiedSignature } from '../core/note/note.ts';
import { isAnswer, parseAnswer } from '../core/objects/answer.ts';
import { parseEvidence, verifyEvidence } from '../core/objects/evidence.ts';

/** Judging is what a check of one file and one of several have in common. */
export interface Judging {
  /** says in words how the policy's quorum is not met; undefined if it is */
  whyNoQuorum(cosignatures: readonly VerifiedSignature[]): string | undefined;
  /** tells whether evidence says what is not so, and is not just unreadable */
  isRefuting(code: AuditsealErrorCode): boolean;
}

/** ProvedFile is a file that is proved: evidence of a record, or a complete answer, and on whose word it is complete. */
export type ProvedFile =
  | { readonly status: 'proved'; readonly ledger: string; readonly partition: string; readonly record: number }
  | {
      readonly status: 'proved';
      readonly ledger: string;
      readonly records: number;
      readonly completeBy: 'auditor' | 'signer';
    };

/** JudgedFile is what came of one file. */
export type JudgedFile = ProvedFile | { readonly status: 'refuted' | 'unreadable' | 'unchecked'; readonly why: string };

/** wordsOf says what came of a file. */
export function wordsOf(judged: JudgedFile): string {
  if (judged.status !== 'proved') return judged.why;
  if ('record' in judged) return `record ${judged.record} of partition ${judged.partition} of ${judged.ledger}`;
  const by = judged.completeBy === 'auditor' ? "as the auditor's check says" : "on the word of the log's signer";
  return `a complete answer of ${counted(judged.records, 'record')} of ${judged.ledger}, ${by}`;
}

/** judgeFile says what the bytes of a file prove to who trusts these keys. */
export function judgeFile(bytes: Buffer, trust: TrustedKeys, judging: Judging): JudgedFile {
  try {
    return isAnswer(bytes) ? judgeAnswer(bytes, trust, judging) : judgeEvidence(bytes, trust, judging);
  } catch (error) {
    const { code, message } = faultIn(error, 'malformed', 'contradicted', 'misuse');
    const isRefuted = isAnswer(bytes) && code !== 'VERSION_UNKNOWN' && trust.logKeys.length > 0;
    return isRefuted ? { status: 'refuted', why: message } : { status: 'unreadable', why: fileKind(bytes) ?? message };
  }
}

const UNTRUSTED: JudgedFile = { status: 'unchecked', why: 'no --key says whom you trust' };

function judgeEvidence(bytes: Buffer, trust: TrustedKeys, judging: Judging): JudgedFile {
  const evidence = parseEvidence(bytes);
  if (trust.logKeys.length === 0) return UNTRUSTED;
  const result = verifyEvidence(evidence, trustedVerifiers(trust));
  if (!result.ok) return { status: judging.isRefuting(result.code) ? 'refuted' : 'unreadable', why: result.why };
  const lacking = judging.whyNoQuorum(result.opened.cosignatures);
  if (lacking !== undefined) return { status: 'refuted', why: lacking };
  const { seal, entry, opened } = result;
  return {
    status: 'proved',
    ledger: opened.checkpoint.origin,
    partition: entry.partition,
    record: seal.record,
  };
}

function judgeAnswer(bytes: Buffer, trust: TrustedKeys, judging: Judging): JudgedFile {
  const answer = parseAnswer(bytes);
  if (trust.logKeys.length === 0) return UNTRUSTED;
  const checked = checkAnswer(answer, trustedVerifiers(trust));
  const lacking = judging.whyNoQuorum(checked.opened.cosignatures);
  if (lacking !== undefined) return { status: 'refuted', why: lacking };
  const [lacks] = lacksOf(answer.query, checked);
  if (lacks !== undefined)
    return { status: 'unchecked', why: `its records are proved, and not that they are all: ${lacks}` };
  const vouched = vouchedFor(answer, checked, trust.auditors);
  if ('why' in vouched && trust.auditors !== undefined)
    return {
      status: 'unchecked',
      why: `its records are proved, and that they are all is the signer's word alone: ${vouched.why}`,
    };
  return {
    status: 'proved',
    ledger: checked.opened.checkpoint.origin,
    records: checked.records.filter(({ isWithin }) => isWithin).length,
    completeBy: 'why' in vouched ? 'signer' : 'auditor',
  };
}
