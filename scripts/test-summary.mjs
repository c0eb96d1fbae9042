// The last line of .ci/run: "N passed, N failed", from vitest's report. Arguments: the exit status of the checks, of
// the tests, and of the tests of pages (default: 0). A failed check, a test file that did not load and a vitest that died each count as one failure. Tests that
// were skipped, as some are where their data is absent, are neither: the line before the last has their number.
import { readFileSync } from 'node:fs';

const [checkStatus, testStatus, browserStatus = 0] = process.argv.slice(2).map(Number);
const { passed, skipped, failed: failedTests } = countTests();
let failed = failedTests;
if (testStatus !== 0 && failed === 0) failed = 1;
if (checkStatus !== 0) failed += 1;
if (browserStatus !== 0) failed += 1;
if (skipped > 0) console.log(`${skipped} skipped`);
console.log(`${passed} passed, ${failed} failed`);
process.exit(failed === 0 && passed > 0 ? 0 : 1);

function countTests() {
  let report;
  try {
    report = JSON.parse(readFileSync('node_modules/.cache/heddle/test-report.json', 'utf8'));
  } catch {
    return { passed: 0, skipped: 0, failed: 1 };
  }
  const notLoaded = report.testResults.filter(
    ({ status, assertionResults }) =>
      status === 'failed' && !assertionResults.some((test) => test.status === 'failed'),
  );
  const { numPassedTests: passed, numFailedTests, numTotalTests } = report;
  const skipped = numTotalTests - passed - numFailedTests;
  return { passed, skipped, failed: numFailedTests + notLoaded.length };
}
