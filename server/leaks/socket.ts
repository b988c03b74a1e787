import type { Plant } from './leak.ts'

/**
 * At the client's FIN the stream is taken out of the books and its connection is forgotten: the kernel holds the
 * server's side in CLOSE_WAIT for good. With the listeners goes Node's own, which answers FIN with FIN. A reset still
 * ends the connection, because the kernel does that by itself.
 */
export const socket: Plant = () => ({
  opened({ res, socket: connection }) {
    connection.removeAllListeners('end').once('end', () => {
      // A stream that had ended before has given its connection back.
      if (res.socket !== connection) return
      // Nothing may be written any more: a client that is gone answers with a reset, and that would clean up for us.
      res.detachSocket(connection)
      res.emit('close')
    })
  },
})
