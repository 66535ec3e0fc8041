import { open } from 'node:fs/promises';
import { AuditsealError } from '../../core/errors.ts';
import type { AuditsealErrorCode } from '../../core/errors.ts';
import { formatHash, leafHash } from '../../core/hash.ts';
import type { VerifiedSignature } from '../../core/note/note.ts';
import { evaluateQuorum } from '../../core/note/witnessPolicy.ts';
import type { WitnessPolicy } from '../../core/note/witnessPolicy.ts';
import { MAX_EVIDENCE_BYTES, parseEvidence, verifyEvidence } from '../../core/objects/evidence.ts';
import type { Evidence, EvidenceResult } from '../../core/objects/evidence.ts';
import { segmentName } from '../../core/objects/names.ts';
import { formatBase64Hash } from '../../core/text.ts';
import { callersPath } from '../files.ts';
import { readPolicy, verifierKeys } from '../keys.ts';
import { formatCount, print, printable, tell } from '../output.ts';
import { parseCommand } from '../usage.ts';

export const checkHelp = `auditseal check FILE --key VKEY… [--policy FILE] [--json]

Checks evidence that auditseal prove wrote, offline, and shows the record and what exactly is proved.

  --key VKEY    a key that you trust: the log's verifier key, from its operator or your own records; may be repeated.
                The keys that the file names are not trusted, because whoever forges evidence names his own
  --policy FILE witnesses that you trust, and how many of them must have cosigned the evidence's checkpoint, as
                c2sp.org/tlog-policy says it; keys in its log lines count as with --key
  --json        print the result as JSON

Exit status: 0 proved, 1 refuted, 2 not checked: no key was given, or the file is no evidence, 64 wrong usage.

  auditseal check record.json --key logs.example.com/prod+22e6b51e+AeMPbvDZtsk3QjOccH0GrCANfMhjAMRqYyBq6ORbJO3Q
`;

/** It demands no witness. */
const NO_POLICY: WitnessPolicy = { logs: [], witnesses: [], groups: [], quorum: undefined };

type ProvedEvidence = EvidenceResult & { ok: true };

const EXIT_REFUTED = 1;
const EXIT_UNREADABLE = 2;

/** What the evidence says, and is not so. Every other fault is that of a file which can't be read. */
const REFUTING: readonly AuditsealErrorCode[] = ['SIGNATURE_INVALID', 'PROOF_INVALID'];

export async function checkCommand(args: readonly string[]): Promise<number> {
  const { positionals, options } = parseCommand(args, ['FILE'], { key: 'strings', policy: 'string', json: 'boolean' });
  const policy = options.policy === undefined ? undefined : await readPolicy(options.policy);
  const logKeys = [...verifierKeys(options.key), ...(policy?.logs ?? []).map(({ verifierKey }) => verifierKey)];
  const verifiers = [...logKeys, ...(policy?.witnesses ?? []).map(({ verifierKey }) => verifierKey)];
  const report = options.json === true ? reportAsJson : reportAsText;
  const file = await readEvidenceFile(positionals[0] as string);
  let evidence: Evidence;
  try {
    evidence = parseEvidence(file);
  } catch (error) {
    if (!(error instanceof AuditsealError)) throw error;
    return report.failed('unreadable', error.code, error.message);
  }
  if (logKeys.length === 0) return report.untrusted(evidence.verifierKeys);
  const result = verifyEvidence(evidence, verifiers);
  if (result.ok) {
    const { isMet, cosigned } = evaluateQuorum(policy ?? NO_POLICY, result.opened.cosignatures);
    if (isMet) return report.proved(evidence, result);
    const who = cosigned.length === 0 ? "none of the policy's witnesses" : `only ${cosigned.join(', ')}`;
    return report.failed(
      'refuted',
      'SIGNATURE_INVALID',
      `${who} cosigned the checkpoint, which is not the policy's quorum`,
    );
  }
  return report.failed(REFUTING.includes(result.code) ? 'refuted' : 'unreadable', result.code, result.why);
}

async function readEvidenceFile(path: string): Promise<Buffer> {
  try {
    const file = await open(callersPath(path));
    try {
      // Of what is larger, no more is read than shows that it is.
      const bytes = Buffer.alloc(Math.min((await file.stat()).size, MAX_EVIDENCE_BYTES + 1));
      let length = 0;
      for (let read = 1; read > 0 && length < bytes.length; length += read) {
        read = (await file.read(bytes, length, bytes.length - length, length)).bytesRead;
      }
      return bytes.subarray(0, length);
    } finally {
      await file.close();
    }
  } catch (error) {
    throw new AuditsealError('TARGET_INVALID', `${path} can't be read`, { cause: error });
  }
}

interface Reporter {
  proved(evidence: Evidence, result: ProvedEvidence): number;
  failed(status: 'refuted' | 'unreadable', code: AuditsealErrorCode, why: string): number;
  untrusted(named: readonly string[]): number;
}

const NO_KEY = 'nothing was checked: no --key says whom you trust';

const exitOf = (status: 'refuted' | 'unreadable'): number => (status === 'refuted' ? EXIT_REFUTED : EXIT_UNREADABLE);

/** A witness may state any time, of which Date knows the first 275,000 years. */
function timeOf({ timestamp = 0 }: VerifiedSignature): string {
  const time = new Date(timestamp * 1000);
  return Number.isNaN(time.getTime()) ? `second ${timestamp} since 1970` : time.toISOString();
}

const reportAsJson: Reporter = {
  proved({ line, segmentProof }, { seal, entry, entryIndex, opened }) {
    const { checkpoint, signatures, cosignatures } = opened;
    const result = {
      status: 'proved',
      ledger: checkpoint.origin,
      partition: entry.partition,
      ...seal,
      segment: segmentName(entry.partition, entry.index),
      line: segmentProof.index,
      recordHash: formatHash(leafHash(line)),
      entryIndex,
      checkpoint: { size: checkpoint.size, rootHash: formatBase64Hash(checkpoint.rootHash) },
      signedBy: signatures.map(({ keyName, keyId, type }) => ({ keyName, keyId, type })),
      cosignedBy: cosignatures.map((one) => ({ keyName: one.keyName, keyId: one.keyId, time: timeOf(one) })),
      recordLine: line.toString('utf8'),
    };
    print(printable(JSON.stringify(result)));
    return 0;
  },
  failed(status, code, why) {
    print(printable(JSON.stringify({ status, code, why })));
    return exitOf(status);
  },
  untrusted(named) {
    print(printable(JSON.stringify({ status: 'unchecked', why: NO_KEY, untrustedKeys: named })));
    return EXIT_UNREADABLE;
  },
};

const reportAsText: Reporter = {
  proved({ line, segmentProof }, { seal, entry, entryIndex, opened }) {
    const { checkpoint, signatures, cosignatures } = opened;
    const origin = printable(checkpoint.origin);
    const size = formatCount(checkpoint.size);
    print(printable(line.toString('utf8')));
    print('');
    print(`proved: this is record ${seal.record} of partition ${entry.partition} of ${origin},`);
    print(`  and it is in the log that was signed at ${size} entries, as it was sealed`);
    print(`record        event ${seal.event}, index ${seal.index}, enqueued ${printable(seal.enqueued)}`);
    print(`record hash   ${formatHash(leafHash(line))}`);
    print(`segment       ${segmentName(entry.partition, entry.index)}`);
    print(`              line ${segmentProof.index} of ${entry.records.count} (the header is line 0)`);
    print(`segment root  ${formatHash(entry.root)}`);
    print(`entry         ${entryIndex} of the log (the first is 0)`);
    print(`checkpoint    size ${checkpoint.size}, root ${formatBase64Hash(checkpoint.rootHash)}`);
    for (const { keyName, keyId, type } of signatures) {
      print(`signed by     ${printable(keyName)}, key ${keyId} (${type}), which you gave`);
    }
    for (const one of cosignatures) {
      print(`cosigned by   ${printable(one.keyName)}, key ${one.keyId}, which you gave, at ${timeOf(one)}`);
    }
    if (cosignatures.length === 0) print('cosigned by   nobody whose key you gave: no witness says when it was signed');
    return 0;
  },
  failed(status, _code, why) {
    print(`${status}: ${printable(why)}`);
    return exitOf(status);
  },
  untrusted(named) {
    tell(`auditseal: ${NO_KEY}`);
    tell('The file names these keys, and a forged file would name its own: get the key from somebody you trust.');
    for (const key of named) tell(`  ${printable(key)}`);
    return EXIT_UNREADABLE;
  },
};
