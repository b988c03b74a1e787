import { describe, expect, it } from 'vitest'

import { Numbering } from '../../../k6-scripts/lib/numbering.ts'

function seen(...ids: string[]): Pick<Numbering, 'lost' | 'repeated'> {
  const numbering = new Numbering()
  for (const id of ids) numbering.see(id)
  const { lost, repeated } = numbering
  return { lost, repeated }
}

describe('the numbers of a stream in a k6 script', () => {
  it('go up by one, from wherever the client joined', () => {
    expect(seen('1007', '1008', '1009')).toEqual({ lost: 0, repeated: 0 })
  })

  it('tell how many are missing, over all gaps', () => {
    expect(seen('1', '2', '5', '6', '10')).toEqual({ lost: 5, repeated: 0 })
  })

  it('tell what comes again, and go on from the highest', () => {
    expect(seen('1', '2', '3', '2', '3', '4', '6')).toEqual({ lost: 1, repeated: 2 })
  })

  it.each(['', 'a7', '1.5', '-1', '0x7', '9007199254740993'])('leave %j out', (id) => {
    expect(seen('1', id, '2')).toEqual({ lost: 0, repeated: 0 })
  })
})
