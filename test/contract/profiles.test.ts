import { describe, expect, it } from 'vitest'

import { PROFILE_REGISTRY } from '../../harness/client/profiles/index.ts'
import { PROFILES } from '../../harness/model/plan.ts'
import { ManualClock } from '../unit/client/manual-clock.ts'
import { chunk, CHUNKED_HEAD, LAST_CHUNK, RawServer } from '../unit/client/raw-server.ts'
import { lifeOf } from '../unit/client/recording.ts'

/** What every profile has to keep, so that a new one needs no test of its own for it. */
describe.each(PROFILES)('profile %s', (name) => {
  const profile = PROFILE_REGISTRY[name]

  it('is registered under its name and says what it does', () => {
    expect(profile.name).toBe(name)
    expect(profile.what).toMatch(/^[a-z].*[^.]$/)
  })

  it('receives every event of a stream that ends', async () => {
    const body = Array.from({ length: 20 }, (_, seq) => `id: ${seq}\ndata: ${seq}\n\n`).join('')
    const server = await new RawServer({
      '/': (socket) => socket.write(CHUNKED_HEAD + chunk(body) + LAST_CHUNK),
    }).listen()
    const seen = await lifeOf(server.url('/'), { user: { profile: name } })
    expect(seen.calls.filter((call) => call.startsWith('event'))).toHaveLength(20)
    expect(seen.calls.slice(-2)).toEqual(['ended clean', 'finished done'])
    await server.close()
  })

  it('leaves no timer and no paused stream behind its connection', () => {
    const clock = new ManualClock()
    const behaviour = profile.attach({ pause: () => {}, resume: () => {} }, { bytesPerSecond: 1 }, clock)
    behaviour?.read(0, 1000)
    behaviour?.closed()
    behaviour?.closed()
    expect(clock.timers).toBe(0)
  })

  it('pauses no stream for ever', () => {
    const clock = new ManualClock()
    let paused = false
    const throttle = {
      pause: () => {
        paused = true
      },
      resume: () => {
        paused = false
      },
    }
    const behaviour = profile.attach(throttle, { bytesPerSecond: 1000 }, clock)
    for (let read = 0; read < 10; read += 1) behaviour?.read(clock.now(), 500)
    clock.advance(3_600_000_000)
    expect(paused).toBe(false)
  })
})
