/** Works on slices of a recheck, a message after the other, as an instance of the function `recheck` does: `node bench/sliceWorker.ts FOLDER`. */
import { AUDITOR, CONCURRENCY, KEY, LEDGER, NO_LOG, summarize } from './ledger.ts';
import { SliceFiles } from './sliceFiles.ts';
import { FolderStore } from '../src/adapters/folderStore.ts';
import { FolderTileStore } from '../src/adapters/folderTileStore.ts';
import { keySigner } from '../src/adapters/logKeys.ts';
import { workOnSlice } from '../src/verify/recheck/work.ts';

const [, , mirror = '', files = ''] = process.argv;
const deps = {
  store: new FolderStore(mirror),
  tiles: new FolderTileStore(mirror),
  files: new SliceFiles(files),
  auditors: { ledger: LEDGER, verifiers: [AUDITOR.verifierKey] },
  signer: keySigner(AUDITOR),
  verifiers: [KEY.verifierKey],
  now: Date.now,
  log: NO_LOG,
  summarize,
  concurrency: CONCURRENCY,
  mostMs: Infinity,
};

process.on('message', (message) => {
  workOnSlice(deps, message).then(
    () => process.send?.('done'),
    (error: unknown) => {
      throw error;
    },
  );
});
process.send?.('ready');
