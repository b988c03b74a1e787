import fc from 'fast-check'
import { expect, it } from 'vitest'

import { Channel } from '../../../server/channel.ts'
import { frame, join, type SequencedEvent } from '../../../server/encode.ts'
import { Schedule } from '../../../server/schedule.ts'
import { newTotals } from '../../../server/totals.ts'
import { channelSpec, ManualClock, testStream } from '../../unit/server/support.ts'

const event = (seq: number): SequencedEvent => ({ seq, framed: frame(`id: ${seq}\ndata: x\n\n`) })

const step = fc.oneof(
  { weight: 6, arbitrary: fc.record({ do: fc.constant('offer' as const), events: fc.integer({ min: 1, max: 12 }) }) },
  { weight: 2, arbitrary: fc.record({ do: fc.constant('replay' as const), events: fc.integer({ min: 1, max: 12 }) }) },
  { weight: 3, arbitrary: fc.record({ do: fc.constant('drain' as const) }) },
  { weight: 3, arbitrary: fc.record({ do: fc.constant('full' as const), isFull: fc.boolean() }) },
  { weight: 1, arbitrary: fc.record({ do: fc.constantFrom('finish' as const, 'cut' as const) }) },
)

it('offered = written + dropped + queued, at all times, and what was written is in order and complete but for drops', () => {
  const limits = fc.record({ items: fc.integer({ min: 1, max: 20 }), bytes: fc.integer({ min: 1, max: 500 }) })
  const policies = fc.constantFrom('drop-oldest' as const, 'disconnect' as const)
  const counts = fc.oneof(fc.constant(Infinity), fc.integer({ min: 1, max: 60 }), fc.integer({ min: 1, max: 6 }))
  fc.assert(
    fc.property(fc.array(step, { maxLength: 60 }), limits, policies, counts, (steps, queue, policy, count) => {
      const { stream, outlet, context } = testStream(new ManualClock(), { queue, policy }, { count })
      let seq = 0
      for (const action of steps) {
        if (action.do === 'offer' || action.do === 'replay') {
          const batch = Array.from({ length: action.events }, () => event(++seq))
          if (action.do === 'offer') stream.offer(batch, join(batch), 0)
          // A replay is what a stream begins with.
          else if (stream.offered === 0 && stream.end === null) stream.replay(batch, 0)
          else seq -= action.events
        } else if (action.do === 'full') outlet.isFull = action.isFull
        else if (action.do === 'drain') stream.onDrain()
        else if (action.do === 'finish') stream.finish('control-end')
        else stream.cut('control-drop', 'fin')
        expect(stream.offered).toBe(stream.written + stream.dropped + stream.queued)
        expect(context.totals.offered).toBe(stream.offered)
      }
      const sequences = outlet.sequences()
      expect(sequences).toHaveLength(stream.written)
      expect(sequences).toEqual(sequences.toSorted((a, b) => a - b))
      expect(new Set(sequences).size).toBe(sequences.length)
      expect(stream.written).toBeLessThanOrEqual(count)
      if (sequences.length > 0) expect([stream.first, stream.last]).toEqual([sequences[0], sequences.at(-1)])
      if (stream.dropped === 0) expect(sequences).toEqual(sequences.map((_, index) => index + 1))
      if (policy === 'disconnect') expect(stream.dropped).toBe(0)
    }),
    { numRuns: 3000 },
  )
})

it('a reader that leaves and resumes anywhere in time sees every event once, or is told the gap', () => {
  const visits = fc.array(fc.record({ stayMs: fc.nat(700), awayMs: fc.nat(700), isStalled: fc.boolean() }), {
    minLength: 1,
    maxLength: 12,
  })
  const rates = fc.constantFrom(7, 10, 33.3)
  fc.assert(
    fc.property(visits, rates, fc.integer({ min: 0, max: 12 }), (plan, rate, replayEvents) => {
      const clock = new ManualClock()
      const context = { clock, schedule: new Schedule(), totals: newTotals(), replayEvents, replayBytes: 1e9 }
      const channel = new Channel(channelSpec(rate), context)
      let last = 0
      for (const { stayMs, awayMs, isStalled } of plan) {
        const { stream, outlet } = testStream(clock)
        channel.join(stream, last)
        if (isStalled) clock.stallMs(stayMs)
        clock.advanceMs(isStalled ? 0 : stayMs)
        channel.leave(stream)
        const gap = /^event: gap\ndata: (.*)$/m.exec(outlet.text())?.[1]
        const { from, oldest } = JSON.parse(gap ?? 'null') ?? { from: last + 1, oldest: last + 1 }
        expect(from).toBe(last + 1)
        const sequences = outlet.sequences()
        expect(sequences).toEqual(sequences.map((_, index) => (oldest as number) + index))
        last = sequences.at(-1) ?? (oldest as number) - 1
        clock.advanceMs(awayMs)
      }
    }),
    { numRuns: 300 },
  )
})
