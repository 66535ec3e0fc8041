#!/usr/bin/env node
import * as zlib from 'node:zlib';
import packageJson from '../../package.json' with { type: 'json' };

// This file is what an old Node reads too, from version 18 on: it says what is missing before anything loads that such a Node
// can't even parse or link. So it imports nothing else.

// 0 and 1 are answers to what was asked, and no fault may look like one.
process.exitCode = 2;
if (typeof zlib.zstdDecompressSync === 'function') {
  try {
    const { main } = await import('./program.ts');
    process.exitCode = await main(process.argv.slice(2));
  } catch (error) {
    process.stderr.write(`auditseal: this installation isn't whole; install it again: ${String(error)}\n`);
  }
} else {
  process.stderr.write(
    `auditseal ${packageJson.version}: Node.js ${process.version} (${process.execPath}) can't read Zstandard; ` +
      'use Node.js 24, or 22.15 or newer of 22. In a clone, npm run -s cli -- COMMAND gets one by itself.\n',
  );
}
