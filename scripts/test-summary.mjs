// `test-summary.mjs REPORT STATUS`: what a vitest JSON report counted, as one line in plain words, the last one of a CI log.
// Its exit code is STATUS, the one of the check; never 0 when a test failed or when there is nothing to count.
import { readFileSync } from 'node:fs'

const file = process.argv[2]
const status = Number(process.argv[3])
let report
try {
  report = JSON.parse(readFileSync(file, 'utf8'))
} catch {
  console.log('tests: not run, because a step before them failed')
  process.exit(status || 1)
}

// A file that cannot be loaded has no tests of its own to fail; it counts as one failure, or nobody would see it.
const unloaded = report.testResults.filter((suite) => suite.status === 'failed' && suite.assertionResults.length === 0)
for (const suite of unloaded) console.log(`test file that could not be loaded: ${suite.name}`)
const failed = report.numFailedTests + unloaded.length
const skipped = report.numPendingTests + report.numTodoTests
// The report knows nothing of errors outside the tests, the exit code does.
if (status !== 0 && failed === 0) console.log(`the check failed (exit ${status}) although no test did; see above`)
console.log(`tests: ${report.numPassedTests} passed, ${failed} failed, ${skipped} skipped`)
process.exit(status || (failed > 0 || report.numPassedTests === 0 ? 1 : 0))
