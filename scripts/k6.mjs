// Finds the k6 that tests and runs use, and builds it where there is none yet, from dist/ (run `npm run build` first).
// Prints where it is; without one the exit code is 1.
import { findK6 } from '../dist/harness/k6/find.js'

const found = await findK6({ env: process.env, onProgress: (line) => console.error(line) }).catch((error) => ({
  missing: error.message,
}))
if ('missing' in found) {
  console.error(`k6: ${found.missing}.`)
  process.exit(1)
}
const { path, version } = found.binary
console.log(`k6 ${version}: ${path}`)
