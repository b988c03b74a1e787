/**
 * What every k6 of ours is started with: the environment of this process, the variables of the script, and on top what
 * keeps k6 from asking the network for anything.
 */
export function k6Environment(script: Readonly<Record<string, string>>): NodeJS.ProcessEnv {
  return { ...process.env, ...script, K6_NO_USAGE_REPORT: 'true', K6_AUTO_EXTENSION_RESOLUTION: 'false' }
}

/** `run` passes it on by default, `inspect` does not, and a variable could turn it off for both. */
export const SEES_ENVIRONMENT = '--include-system-env-vars=true'
