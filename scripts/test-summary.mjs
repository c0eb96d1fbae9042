// The last line of .ci/run: "N passed, N failed", from vitest's report. Arguments: the exit status of the checks and of
// the tests. A failed check, a test file that did not load and a vitest that died each count as one failure.
import { readFileSync } from 'node:fs';

const [checkStatus, testStatus] = process.argv.slice(2).map(Number);
const { passed, failed: failedTests } = countTests();
let failed = failedTests;
if (testStatus !== 0 && failed === 0) failed = 1;
if (checkStatus !== 0) failed += 1;
console.log(`${passed} passed, ${failed} failed`);
process.exit(failed === 0 && passed > 0 ? 0 : 1);

function countTests() {
  let report;
  try {
    report = JSON.parse(readFileSync('node_modules/.cache/heddle/test-report.json', 'utf8'));
  } catch {
    return { passed: 0, failed: 1 };
  }
  const notLoaded = report.testResults.filter(
    ({ status, assertionResults }) =>
      status === 'failed' && !assertionResults.some((test) => test.status === 'failed'),
  );
  return { passed: report.numPassedTests, failed: report.numFailedTests + notLoaded.length };
}
