// The module that src/core/wasm holds: where the work on segments takes its time. docs/design.md says why, and CONTRIBUTING.md how it
// is built. Nothing that is called here looks at what an earlier call left, but for what it says that it takes.
export { leaves, mostLeaves, root } from './nodes';
export { input, mostInput, records, slice } from './slice';
export { ends, first, mostFirst, output, stamp } from './stamp';
export { lines } from './lines';
export { texts } from './texts';
