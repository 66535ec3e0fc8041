// Strips the types of a test or source file for jest. esbuild is already here for the bundles.
const { createHash } = require('node:crypto');
const { readFileSync } = require('node:fs');
const esbuild = require('esbuild');

const own = readFileSync(__filename, 'utf8');

module.exports = {
  process(source, path) {
    const { code, map } = esbuild.transformSync(source, {
      loader: 'ts',
      format: 'esm',
      target: 'es2023',
      supported: { 'import-attributes': true },
      sourcefile: path,
      sourcemap: 'both',
    });
    return { code, map };
  },
  getCacheKey: (source, path) =>
    createHash('sha256').update(`${own}\0${esbuild.version}\0${path}\0${source}`).digest('hex'),
};
