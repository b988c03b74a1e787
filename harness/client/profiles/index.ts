import type { ProfileName } from '../../model/plan.ts'
import type { Profile } from './profile.ts'
import { slowReader } from './slow-reader.ts'
import { steady } from './steady.ts'

/** Every profile there is. */
export const PROFILE_REGISTRY = {
  steady,
  'slow-reader': slowReader,
} as const satisfies Record<ProfileName, Profile>
