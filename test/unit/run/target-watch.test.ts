import { afterEach, expect, test, vi } from 'vitest'

import { isLoopback } from '../../../harness/run/target-watch.ts'

afterEach(() => {
  vi.unstubAllEnvs()
})

test.each([
  'http://localhost:8080/events',
  'http://LOCALHOST/',
  'http://app.localhost/',
  'http://127.0.0.1/',
  'https://127.8.9.10:8443/',
  'http://127.1/',
  'http://[::1]:8080/',
  'http://user:pw@localhost/events?host=example.com',
  'http://127.0.0.1/events?channel={stream%4}',
])('%s is this machine', (url) => {
  expect(isLoopback(url)).toBe(true)
})

test.each([
  'http://example.com/',
  'http://192.168.0.127/',
  'http://128.0.0.1/',
  'http://127.example.com/',
  'http://localhost.example.com/',
  'http://notlocalhost/',
  'http://example.com/localhost',
  'http://localhost@example.com/',
  'http://[2001:db8::1]/',
])('%s is another', (url) => {
  expect(isLoopback(url)).toBe(false)
})

test('a host from the environment is looked at as it is on the wire', () => {
  vi.stubEnv('SSE_HARNESS_TEST_HOST', '127.0.0.1:8080')
  expect(isLoopback('http://${SSE_HARNESS_TEST_HOST}/events')).toBe(true)
  vi.stubEnv('SSE_HARNESS_TEST_HOST', 'example.com')
  expect(isLoopback('http://${SSE_HARNESS_TEST_HOST}/events')).toBe(false)
})
