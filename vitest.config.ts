import { defineConfig } from 'vitest/config'

// System tests start processes and sockets on a small machine, so files run one after the other there.
// CI counts the tests from a report in a file and not from what is printed.
const report = process.env['SSE_HARNESS_TEST_REPORT']

export default defineConfig({
  test: {
    reporters: report === undefined ? ['default'] : ['default', ['json', { outputFile: report }]],
    projects: [
      {
        test: {
          name: 'unit',
          include: ['test/{unit,property,contract}/**/*.test.ts'],
          testTimeout: 30_000,
        },
      },
      {
        test: {
          name: 'system',
          include: ['test/system/**/*.test.ts'],
          testTimeout: 120_000,
          // After the others and not beside them: what is measured here should have the cores to itself.
          sequence: { groupOrder: 1 },
          hookTimeout: 120_000,
          fileParallelism: false,
        },
      },
    ],
  },
})
