import { describe, expect, test } from 'vitest'

import { parseVersion } from '../../../harness/k6/binary.ts'
import { BuildOutput } from '../../../harness/k6/build.ts'
import { goEnvironment } from '../../../harness/k6/go.ts'
import { translate } from '../../../harness/k6/inspect.ts'

describe('what a k6 says of itself', () => {
  test('plain, under any name', () => {
    const plain = { version: '1.8.1', records: false, sse: false }
    expect(parseVersion('k6 v1.8.1 (go1.26.8, linux/amd64)\n')).toEqual(plain)
    expect(parseVersion('my own k6 v1.8.1 (commit/abc-dirty, go1.26.8, linux/amd64)\n')).toEqual(plain)
  })

  test('with the extensions of sse-harness', () => {
    const text =
      'k6 v1.8.1 (go1.26.8, linux/amd64)\nExtensions:\n' +
      '  sse-harness/extension/module , k6/x/sse [js]\n  sse-harness/extension/output.New , sse-record [output]\n\n'
    expect(parseVersion(text)).toEqual({ version: '1.8.1', records: true, sse: true })
  })

  test('with xk6-sse, and with one that only sounds like it', () => {
    const head = 'k6 v0.54.0 (go1.23.1, linux/amd64)\nExtensions:\n'
    const xk6 = parseVersion(`${head}  github.com/phymbert/xk6-sse v0.1.2, k6/x/sse [js]\n`)
    expect(xk6).toEqual({ version: '0.54.0', records: false, sse: true })
    expect(parseVersion(`${head}  example.org/x v1, k6/x/other-sse-record [output]\n`)?.records).toBe(false)
  })

  test.each(['', 'go version go1.26.8 linux/amd64', 'v20.19.0', 'docker v1 (build)'])('%j is no k6', (text) => {
    expect(parseVersion(text)).toBeNull()
  })
})

describe('what a build says', () => {
  const read = (lines: readonly string[]) => {
    const progress: string[] = []
    const output = new BuildOutput((line) => progress.push(line))
    for (const line of lines) output.line(line)
    return { progress, firstError: output.firstError }
  }

  test('modules and packages are counted', () => {
    const downloads = Array.from({ length: 21 }, (_, index) => `go: downloading example.org/m${index} v1.0.0`)
    const packages = Array.from({ length: 250 }, (_, index) => `example.org/p${index}`)
    expect(read([...downloads, ...packages])).toEqual({
      progress: [
        'downloading module 1 of k6',
        'downloading module 21 of k6',
        '100 packages of k6 compiled',
        '200 packages of k6 compiled',
      ],
      firstError: null,
    })
  })

  test('the first error is that of the compiler or the download, not the heading above it', () => {
    expect(read(['errors', '# a/b', './x.go:3:5: undefined: y', './x.go:4:5: undefined: z']).firstError).toBe(
      './x.go:3:5: undefined: y',
    )
    const download = 'go: go.k6.io/k6@v1.8.1: Get "https://proxy": dial tcp: lookup proxy: no such host'
    expect(read(['go: downloading go.k6.io/k6 v1.8.1', download]).firstError).toBe(download)
  })
})

test('what a user has set for Go does not change what is built', () => {
  const env = goEnvironment({ GOFLAGS: '-mod=vendor -p=1', GOOS: 'windows', GOPROXY: 'https://proxy', GOWORK: '/w' })
  expect(env).toMatchObject({
    GOFLAGS: '-p=1',
    GOOS: '',
    GOPROXY: 'https://proxy',
    GOWORK: 'off',
    GOTOOLCHAIN: 'local',
    CGO_ENABLED: '0',
  })
})

test('flags of run that change what a script needs are said to inspect in its own way', () => {
  expect(
    translate(['--vus', '5', '-d=10s', '--stage', '1s:5', '-s', '2s:0', '-e', 'A=b=c', '--throw', '--tag', 'x=y']),
  ).toEqual({
    options: { K6_VUS: '5', K6_DURATION: '10s', K6_STAGES: '1s:5,2s:0' },
    flags: ['--env', 'A=b=c'],
  })
})
