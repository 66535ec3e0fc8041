// Before all tests: the bundles that some of them run.
import { execFileSync } from 'node:child_process';

export default () => {
  execFileSync(process.execPath, ['--disable-warning=ExperimentalWarning', 'tools/build.ts'], { stdio: 'inherit' });
};
