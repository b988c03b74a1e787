import { describe, expect, it } from 'vitest'

import { userUrl } from '../../../harness/run/user-url.ts'
import { streamUrl } from '../../../k6-scripts/lib/url.ts'

describe('the address of a stream in a k6 script', () => {
  it('has the number of the stream, whole and modulo', () => {
    expect(streamUrl('http://a/{stream}/x?c={stream%4}&d={stream}', 6)).toBe('http://a/6/x?c=2&d=6')
  })

  it.each(['http://a/', 'http://a/{stream}{stream%7}', 'http://a/{stream%}?{streams}', 'http://a/{stream%1}'])(
    'is that of a run without k6: %s',
    (template) => {
      expect([0, 1, 8, 123].map((stream) => streamUrl(template, stream))).toEqual(
        [0, 1, 8, 123].map((stream) => userUrl(template, stream)),
      )
    },
  )
})
