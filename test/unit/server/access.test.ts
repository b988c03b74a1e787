import type { IncomingMessage } from 'node:http'

import { describe, expect, it } from 'vitest'

import { controlRefusal } from '../../../server/access.ts'

const from = (remoteAddress: string, headers: object): IncomingMessage =>
  Object.assign(Object.create(null), { socket: { remoteAddress }, headers })

describe('who may control', () => {
  it.each([
    ['127.0.0.1', { host: '127.0.0.1:80' }, true],
    ['::1', { host: '[::1]:80' }, true],
    ['::ffff:127.0.0.1', { host: 'LOCALHOST:80' }, true],
    ['10.0.0.1', { host: '127.0.0.1:80' }, false],
    ['10.0.0.1', { host: '127.0.0.1:80', authorization: 'Bearer other' }, false],
    ['10.0.0.1', { host: 'anything', authorization: 'bearer secret' }, true],
    ['127.0.0.1', { host: '127.0.0.1' }, false],
    ['127.0.0.1', {}, false],
  ])('from %s with %j: %s', (address, headers, isAllowed) => {
    expect(controlRefusal(from(address, headers), 'secret', '0.0.0.0', 80) === null).toBe(isAllowed)
  })

  it('takes no token where none was set', () => {
    const request = from('10.0.0.1', { host: 'localhost:80', authorization: 'Bearer ' })
    expect(controlRefusal(request, null, '0.0.0.0', 80)).toContain('--token')
  })

  it('knows the loopback address that it listens on', () => {
    expect(controlRefusal(from('127.0.0.2', { host: '127.0.0.2:80' }), null, '127.0.0.2', 80)).toBeNull()
    expect(controlRefusal(from('127.0.0.2', { host: '10.1.1.1:80' }), null, '10.1.1.1', 80)).not.toBeNull()
  })
})
