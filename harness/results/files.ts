import { UsageError } from '../model/exit-codes.ts'

const REASONS: Readonly<Record<string, string>> = {
  ENOSPC: 'the disk is full; free some space or choose another place with --out',
  EDQUOT: 'the disk quota is used up; free some space or choose another place with --out',
  EACCES: 'this user may not write there; change its permissions or choose another place with --out',
  EPERM: 'this user may not write there; change its permissions or choose another place with --out',
  EROFS: 'that file system is read-only; choose another place with --out',
  ENOTDIR: 'a part of that path is a file; choose another place with --out',
  EEXIST: 'something of that name is there already; choose another place with --out',
  ENOTEMPTY: 'a run of that name is there already; choose another place with --out',
  EMFILE: 'this process has no file descriptor left; raise the limit (ulimit -n)',
  ENOENT: 'the folder disappeared while it was written to; choose a place that nothing else cleans up',
}

/** One sentence instead of an errno: what could not be written, why, and the way out. */
export function cannotWrite(what: string, error: unknown): UsageError {
  const code = (error as NodeJS.ErrnoException | null)?.code ?? ''
  const reason = REASONS[code] ?? (error instanceof Error ? error.message : String(error))
  return new UsageError([`${what} cannot be written: ${reason}`])
}
