import { z } from 'zod'

const Samples = z.array(z.number().nullable()).describe('one per cycle; null: could not be read')

/** Growth in the signal's unit for each client that came and left. */
const Growth = z.object({
  slope: z.number(),
  low: z.number(),
  high: z.number(),
  confidence: z.number().describe('of the interval from low to high; 1 for counts, which have no noise'),
})

const LeakSignal = z.object({
  name: z.string(),
  unit: z.string(),
  baseline: z.number().nullable(),
  samples: Samples,
  verdict: z.enum(['clean', 'leak', 'undecided', 'informative']),
  why: z.string(),
  kind: z.enum(['exact', 'count', 'gauge', 'bytes', 'ceiling']).optional().describe('how it is judged'),
  source: z.string().optional().describe('the probe that read it'),
  rule: z.string().optional().describe('by which it was judged, with its numbers'),
  perConnection: Growth.nullable().optional(),
  power: z
    .number()
    .nullable()
    .optional()
    .describe('of a clean signal: a leak of so much per connection or more would have been seen'),
  warmUp: Samples.optional().describe('the cycles before the baseline, which are not judged'),
  confirmation: z
    .object({ baseline: z.number().nullable(), samples: Samples })
    .nullable()
    .optional()
    .describe('with more clients in each cycle; null: not measured again'),
})

/** Objects of one constructor that there were more of, or larger ones, after connections had come and gone. */
const Grower = z.object({
  constructor: z.string(),
  countGrowth: z.int(),
  bytesGrowth: z.number().describe('bytes of the objects themselves'),
  retainedGrowth: z.number().describe('bytes of new objects that go when these go'),
  perConnection: z.int().nullable().describe('objects; null where that is no whole number'),
  path: z.array(z.string()).describe('what keeps one of the new ones alive, from the root'),
})

const LeakVerdict = z.enum(['clean', 'leak', 'undecided'])

/** What connections leave behind, from cycles of equal work. */
export const Leaks = z.object({
  verdict: LeakVerdict,
  cycles: z.int(),
  connectionsPerCycle: z.int(),
  signals: z.array(LeakSignal),
  warmUp: z.int().optional().describe('cycles before these'),
  left: z
    .object({
      fin: z.int(),
      abort: z.int(),
      rst: z.int(),
      halfOpen: z.int().describe('went silent, and were released by RST before the server was looked at'),
      stopped: z.int().describe('of all, those that had stopped reading'),
    })
    .optional()
    .describe('how connections ended, in all cycles'),
  confirmation: z
    .object({
      connectionsPerCycle: z.int(),
      cycles: z.int(),
    })
    .nullable()
    .optional()
    .describe('the second measurement; null: not needed or not wanted, see confirmationWhy'),
  confirmationWhy: z.string().optional(),
  probes: z
    .array(
      z.object({
        name: z.string(),
        why: z.string().nullable().describe('why there is less of it than of the cycles; null: it was read after each'),
      }),
    )
    .optional(),
  growers: z
    .object({ connections: z.int().describe('between the two heap snapshots'), objects: z.array(Grower) })
    .nullable()
    .optional()
    .describe('what holds the leak in a Node process, likeliest first; null: not looked at, see growersWhy'),
  growersWhy: z.string().optional(),
  harness: z
    .object({ verdict: LeakVerdict, signals: z.array(LeakSignal) })
    .optional()
    .describe('the same for the process of the harness itself'),
})

export type Leaks = z.infer<typeof Leaks>
export type LeakSignal = z.infer<typeof LeakSignal>
