/** Known is what a file is that is neither evidence nor an answer, and what to do instead. */
export interface Known {
  /** follows "This file is" */
  readonly is: string;
  readonly instead: string;
}

const HEAD_BYTES = 4096;
const AGAIN = 'Ask for the file again, and have it sent unchanged, for example in a ZIP file.';
const UTF16: Known = {
  is: 'text in UTF-16',
  instead: `Evidence and answers are UTF-8: an editor saved this in another form, so it is not the file that was written any more. ${AGAIN}`,
};
const MAGIC: readonly (readonly [readonly number[], Known])[] = [
  [[0x1f, 0x8b], { is: 'compressed with gzip', instead: 'Unpack it first, and choose what was in it.' }],
  [
    [0x50, 0x4b, 0x03, 0x04],
    { is: 'a ZIP archive', instead: 'Unpack it first, and choose the file or the folder that was in it.' },
  ],
  [[0x50, 0x4b, 0x05, 0x06], { is: 'an empty ZIP archive', instead: 'Ask for the file again.' }],
  [
    [0x28, 0xb5, 0x2f, 0xfd],
    {
      is: 'compressed with Zstandard, as the segments of a ledger are',
      instead:
        'A segment alone proves nothing. Choose the whole mirror folder; or ask for evidence of the record that you need, which \u201cauditseal prove\u201d writes.',
    },
  ],
  [[0xff, 0xfe], UTF16],
  [[0xfe, 0xff], UTF16],
  [
    [0x25, 0x50, 0x44, 0x46],
    { is: 'a PDF', instead: 'A print can\u2019t be checked. Ask for the file that it is about, and check that.' },
  ],
];
const BOM: Known = {
  is: 'text that begins with a byte order mark',
  instead: `An editor put these three bytes in front when it saved the file, so it is not the file that was written any more. ${AGAIN}`,
};
const MIRROR = 'Choose the whole mirror folder, which this page checks with all that is in it.';

/** By how the text begins. */
const TEXTS: readonly (readonly [RegExp, Known])[] = [
  [
    /^\s*<(?:!doctype html|html)[^]*?<title>[^<]*certificate/i,
    {
      is: 'a certificate of a check, as a page',
      instead: 'It says what somebody else\u2019s check found. Check the file that it names yourself: choose that one.',
    },
  ],
  [
    /^\s*<(?:!doctype html|html)[^]*?<title>[^<]*: (?:(?:integrity|posture) report|status of) /i,
    {
      is: 'the page of a report',
      instead: `It says what somebody else\u2019s check found. ${MIRROR}`,
    },
  ],
  [
    /^\s*<(?:!doctype html|html)/i,
    {
      is: 'a page of HTML',
      instead: 'Ask for the JSON file that \u201cauditseal prove\u201d or \u201cauditseal find --prove\u201d wrote.',
    },
  ],
  [
    /^\{"report":\{"version":\d+,"kind":"posture"/,
    {
      is: 'a posture report',
      instead: `It says what Azure said of what guards a container, and nothing of a record. ${MIRROR}`,
    },
  ],
  [
    /^\s*\{(?:"report":\{)?\s*"version":\s*\d+,\s*"kind":\s*"integrity",[^]*?"checked":\s*\{\s*"mode":\s*"interval"/,
    {
      is: 'a report of a check of an interval of a ledger',
      instead:
        'It says what somebody\u2019s check of that interval found, and proves no record. Choose the folder of the slice, or of the mirror, and put the interval into step 3.',
    },
  ],
  [
    /^\s*\{\s*"version":\s*\d+,\s*"kind":\s*"integrity"/,
    {
      is: 'what \u201cauditseal verify --json\u201d said of a ledger',
      instead: `It says what that check found, and proves no record. ${MIRROR}`,
    },
  ],
  [
    /^\s*\{\s*"version":\s*\d+,\s*"kind":\s*"slice"/,
    {
      is: 'the slice.json of a slice, which says what interval of a ledger a folder is of',
      instead:
        'It is a claim, and proves nothing. Choose the folder that it is in, and compare the interval in step 3 with the one that you should have.',
    },
  ],
  [
    /^\s*\{\s*"version":\s*\d+,\s*"kind":\s*"auditseal-export"/,
    {
      is: 'the manifest of an export, which says what was asked for and what the exported file is',
      instead:
        'Neither it nor that file proves anything. Where its member proof names a folder, choose the answer in there; else ask for one, which \u201cauditseal find --prove\u201d writes.',
    },
  ],
  [
    /^\{"report":\{/,
    {
      is: 'a report of a check of a whole ledger',
      instead: `It says what that check found, and proves no record. ${MIRROR}`,
    },
  ],
  [/^\{"action":\{/, { is: 'an action, which says what somebody did to a ledger', instead: MIRROR }],
  [
    /^\{"_segment":\{/,
    {
      is: 'the content of a segment',
      instead:
        'A segment alone proves nothing. Choose the whole mirror folder; or ask for evidence of the record that you need.',
    },
  ],
  [
    /^\{"type":"(?:key|heads|segment|report|action|oversize|other|base)"/,
    { is: 'a batch of the log, or an entry of it', instead: MIRROR },
  ],
  [
    /^c2sp\.org\/tlog-proof@v1\n/,
    {
      is: 'a proof of an entry of the log, without its record',
      instead: 'Ask for the evidence, which has the record too.',
    },
  ],
  [
    /^(?:PRIVATE\+KEY\+|-----BEGIN [A-Z ]*PRIVATE KEY)/,
    {
      is: 'a private key',
      instead:
        'Nobody else should have it, and it is not needed here. If it was sent to you, tell its owner: the key is not secret any more.',
    },
  ],
  [
    /^[^\s+]+\+[0-9a-f]{8}\+[A-Za-z0-9+/=]+\s*$/,
    {
      is: 'a verifier key',
      instead: 'Paste its text in step 2, if it is from a source of your own, and choose the evidence here.',
    },
  ],
  [
    /^[^\n]+\n\d+\n[A-Za-z0-9+/]{43}=\n[^]*\n\u2014 /,
    {
      is: 'a checkpoint, the signed state of a log',
      instead:
        'It proves no record by itself. Choose evidence, an answer or a mirror folder; \u201cauditseal verify --anchor\u201d compares a mirror with a kept checkpoint.',
    },
  ],
  [
    /^[^]*\n\n\u2014 \S+ [A-Za-z0-9+/=]+\n/,
    { is: 'a signed note', instead: 'It proves no record. Choose evidence, an answer or a mirror folder.' },
  ],
];

/** whatFile tells by how a file begins what it is, where that is known and is neither evidence nor an answer. */
export function whatFile(bytes: Uint8Array): Known | undefined {
  if (bytes.length === 0) return { is: 'empty', instead: 'It has no byte. Ask for the file again.' };
  const magic = MAGIC.find(([start]) => start.every((byte, i) => bytes[i] === byte));
  if (magic !== undefined) return magic[1];
  if (bytes[0] === 0xef && bytes[1] === 0xbb && bytes[2] === 0xbf) return BOM;
  const text = new TextDecoder('utf-8').decode(bytes.subarray(0, HEAD_BYTES));
  return TEXTS.find(([start]) => start.test(text))?.[1];
}
