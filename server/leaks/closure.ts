import type { Plant } from './leak.ts'

/** A function for each stream, by its id, that nobody takes out; each keeps its response, and that its request. */
export const closure: Plant = () => {
  const isWritable = new Map<number, () => boolean>()
  return { opened: ({ stream, res }) => void isWritable.set(stream.spec.id, () => res.writable) }
}
