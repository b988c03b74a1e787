import type { Plant } from './leak.ts'

/** Every stream listens to the server, which lives on, and none stops listening. */
export const listener: Plant = (server) => {
  // As whoever has many listeners on purpose would: otherwise Node tells of the eleventh by itself.
  server.setMaxListeners(0)
  return { opened: ({ stream }) => void server.on('close', () => stream.finish('shutdown')) }
}
