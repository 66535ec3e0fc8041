import { EXIT } from './exits.ts';
import { formatCount, print, printItem, printJson, tell, warn } from './output.ts';
import { printSigners, signersAsJson } from './signers.ts';
import type { AuditsealErrorCode } from '../core/errors.ts';
import { formatHash, leafHash } from '../core/hash.ts';
import type { Evidence, EvidenceResult } from '../core/objects/evidence.ts';
import { segmentName } from '../core/objects/names.ts';
import { formatBase64Hash } from '../core/text.ts';

type ProvedEvidence = EvidenceResult & { ok: true };
type Failure = 'refuted' | 'unreadable';

/** EvidenceReporter prints what came of a check of evidence, and gives the exit status. */
export interface EvidenceReporter {
  proved(evidence: Evidence, result: ProvedEvidence): number;
  failed(status: Failure, code: AuditsealErrorCode, why: string): number;
  untrusted(named: readonly string[]): number;
}

/** Why nothing was checked. */
const NO_KEY = 'nothing was checked: no --key says whom you trust';

const exitOf = (status: Failure): number => (status === 'refuted' ? EXIT.wrong : EXIT.unknown);

/** reportAsJson reports for programs. */
export const reportAsJson: EvidenceReporter = {
  proved({ line, segmentProof }, { seal, entry, entryIndex, opened }) {
    const { checkpoint } = opened;
    printJson({
      status: 'proved',
      ledger: checkpoint.origin,
      partition: entry.partition,
      ...seal,
      segment: segmentName(entry.partition, entry.index),
      line: segmentProof.index,
      recordHash: formatHash(leafHash(line)),
      entryIndex,
      checkpoint: { size: checkpoint.size, rootHash: formatBase64Hash(checkpoint.rootHash) },
      ...signersAsJson(opened),
      recordLine: line.toString('utf8'),
    });
    return EXIT.fine;
  },
  failed(status, code, why) {
    printJson({ status, code, why });
    return exitOf(status);
  },
  untrusted(named) {
    printJson({ status: 'unchecked', why: NO_KEY, untrustedKeys: named });
    return EXIT.unknown;
  },
};

/** reportAsText reports for people. */
export const reportAsText: EvidenceReporter = {
  proved({ line, segmentProof }, { seal, entry, entryIndex, opened }) {
    const { checkpoint } = opened;
    print(line.toString('utf8'));
    print('');
    print(`proved: this is record ${seal.record} of partition ${entry.partition} of ${checkpoint.origin},`);
    print(`  and it is in the log that was signed at ${formatCount(checkpoint.size)} entries, as it was sealed`);
    print(`record        event ${seal.event}, index ${seal.index}, enqueued ${seal.enqueued}`);
    print(`record hash   ${formatHash(leafHash(line))}`);
    print(`segment       ${segmentName(entry.partition, entry.index)}`);
    print(`              line ${segmentProof.index} of ${entry.records.count} (the header is line 0)`);
    print(`segment root  ${formatHash(entry.root)}`);
    print(`entry         ${entryIndex} of the log (the first is 0)`);
    print(`checkpoint    size ${checkpoint.size}, root ${formatBase64Hash(checkpoint.rootHash)}`);
    printSigners(opened);
    return EXIT.fine;
  },
  failed(status, _code, why) {
    printItem(`${status}: ${why}`);
    return exitOf(status);
  },
  untrusted(named) {
    warn(NO_KEY);
    warn('the file names these keys, but a forged file would name its own: get the key from somebody you trust');
    for (const key of named) tell(`  ${key}`);
    return EXIT.unknown;
  },
};
