/** FileKind is what a file is that is neither evidence nor an answer, and what to do instead. */
interface FileKind {
  /** follows "the file is" */
  readonly is: string;
  readonly instead: string;
}

const HEAD_BYTES = 4096;
const AGAIN = 'ask for the file again, and have it sent unchanged, for example in a ZIP file';
const VERIFY = 'auditseal verify TARGET checks a ledger or a mirror, with all that is in it';
const PROVE = 'auditseal prove writes evidence of a record';

/** By how the bytes begin. */
const MAGIC: readonly (readonly [string, FileKind])[] = [
  ['\x1f\x8b', { is: 'compressed with gzip', instead: 'unpack it first, and check what was in it' }],
  ['PK\x03\x04', { is: 'a ZIP archive', instead: 'unpack it first, and check what was in it' }],
  ['PK\x05\x06', { is: 'an empty ZIP archive', instead: 'ask for the file again' }],
  [
    '\x28\xb5\x2f\xfd',
    {
      is: 'compressed with Zstandard, as segments are',
      instead: `a segment alone proves nothing: ${VERIFY}; ${PROVE}`,
    },
  ],
  ['\xff\xfe', { is: 'text in UTF-16, and evidence is UTF-8: an editor saved it in another form', instead: AGAIN }],
  ['\xfe\xff', { is: 'text in UTF-16, and evidence is UTF-8: an editor saved it in another form', instead: AGAIN }],
  [
    '\xef\xbb\xbf',
    {
      is: 'text that begins with a byte order mark, which an editor put in front when it saved the file',
      instead: AGAIN,
    },
  ],
  ['%PDF', { is: 'a PDF', instead: 'a print can’t be checked: check the file that it is about' }],
];

/** By how the text begins. */
const TEXTS: readonly (readonly [RegExp, FileKind])[] = [
  [
    /^\s*<(?:!doctype html|html)[^]*?<title>[^<]*certificate/i,
    {
      is: 'a certificate of a check, as a page',
      instead: 'it says what somebody else’s check found: check the file that it names',
    },
  ],
  [
    /^\s*<(?:!doctype html|html)[^]*?<title>[^<]*: (?:(?:integrity|posture) report|status of) /i,
    { is: 'the page of a report', instead: VERIFY },
  ],
  [
    /^\s*<(?:!doctype html|html)/i,
    { is: 'a page of HTML', instead: 'ask for the JSON file that auditseal prove or auditseal find --prove wrote' },
  ],
  [
    /^\{"report":\{"version":\d+,"kind":"posture"/,
    {
      is: 'a posture report',
      instead: 'it says what Azure said of a container, and proves no record: auditseal posture asks again',
    },
  ],
  [
    /^\s*\{(?:"report":\{)?\s*"version":\s*\d+,\s*"kind":\s*"integrity",[^]*?"checked":\s*\{\s*"mode":\s*"interval"/,
    {
      is: 'a report of a check of an interval of a ledger',
      instead:
        'it says what somebody’s check of that interval found, proves no record, and no check goes on from it: auditseal verify TARGET --from TIME --to TIME checks the interval again, of the ledger or of the slice that it is about',
    },
  ],
  [
    /^\s*\{\s*"version":\s*\d+,\s*"kind":\s*"integrity"/,
    {
      is: 'what auditseal verify --json said of a ledger',
      instead: `it says what somebody’s check found, and proves no record: ${VERIFY}`,
    },
  ],
  [
    /^\s*\{\s*"version":\s*\d+,\s*"kind":\s*"slice"/,
    {
      is: 'the slice.json of a slice, which says what interval of a ledger a folder is of, and is a claim',
      instead:
        'check the folder that it is in: auditseal verify DIR --from TIME --to TIME, with the interval that you should have',
    },
  ],
  [
    /^\s*\{\s*"version":\s*\d+,\s*"kind":\s*"auditseal-export"/,
    {
      is: 'the manifest of an export, which says what was asked for and what the exported file is',
      instead:
        'neither it nor that file proves anything: where its member proof names a folder, auditseal check DIR checks the answer in there; else ask for one, which auditseal find --prove writes',
    },
  ],
  [
    /^\{"report":\{/,
    {
      is: 'a report of a check of a whole ledger',
      instead: `it proves no record: ${VERIFY}, and goes on from a report with --since`,
    },
  ],
  [/^\{"action":\{/, { is: 'an action, which says what somebody did to a ledger', instead: VERIFY }],
  [
    /^\{"_segment":\{/,
    { is: 'the content of a segment', instead: `a segment alone proves nothing: ${VERIFY}; ${PROVE}` },
  ],
  [
    /^\{"type":"(?:key|heads|segment|report|action|oversize|other|base)"/,
    { is: 'a batch of the log, or an entry of it', instead: VERIFY },
  ],
  [
    /^c2sp\.org\/tlog-proof@v1\n/,
    { is: 'a proof of an entry of the log, without its record', instead: `ask for the evidence: ${PROVE}` },
  ],
  [
    /^(?:PRIVATE\+KEY\+|-----BEGIN [A-Z ]*PRIVATE KEY)/,
    { is: 'a private key', instead: 'it is not needed here, and nobody but its owner should have it' },
  ],
  [
    /^[^\s+]+\+[0-9a-f]{8}\+[A-Za-z0-9+/=]+\s*$/,
    { is: 'a verifier key', instead: 'give its text with --key, and the evidence as FILE' },
  ],
  [
    /^[^\n]+\n\d+\n[A-Za-z0-9+/]{43}=\n[^]*\n\u2014 /,
    {
      is: 'a checkpoint, the signed state of a log',
      instead: 'it proves no record by itself: auditseal verify TARGET --anchor FILE compares a ledger with it',
    },
  ],
  [/^[^]*\n\n\u2014 \S+ [A-Za-z0-9+/=]+\n/, { is: 'a signed note', instead: `it proves no record: ${PROVE}` }],
];

/** fileKind tells by how a file begins what it is, where that is known and is neither evidence nor an answer. */
export function fileKind(bytes: Buffer): string | undefined {
  if (bytes.length === 0) return 'the file is empty: ask for it again';
  const start = bytes.toString('latin1', 0, 4);
  const text = bytes.toString('utf8', 0, HEAD_BYTES);
  const known = MAGIC.find(([magic]) => start.startsWith(magic))?.[1] ?? TEXTS.find(([begin]) => begin.test(text))?.[1];
  return known && `the file is ${known.is}, and neither evidence nor an answer: ${known.instead}`;
}
