import { execFile } from 'node:child_process'

export interface Finished {
  code: number
  stdout: string
  stderr: string
}

/** Runs a program to its end, whatever its exit code; null or '' of `signal` never comes, a killed program rejects. */
export function runProcess(
  command: string,
  args: readonly string[],
  options: { cwd?: string; env?: NodeJS.ProcessEnv; timeoutMs?: number } = {},
): Promise<Finished> {
  const { cwd, env, timeoutMs: timeout = 100_000 } = options
  return new Promise((resolve, reject) => {
    const maxBuffer = 2 ** 26
    const child = execFile(
      command,
      args,
      { cwd, env: { ...process.env, ...env }, timeout, maxBuffer },
      (error, stdout, stderr) => {
        const code = error === null ? 0 : error.code
        if (typeof code === 'number') resolve({ code, stdout, stderr })
        else reject(new Error(`${command} ${args.join(' ')}: ${error?.message}\n${stderr}`))
      },
    )
    child.stdin?.end()
  })
}
