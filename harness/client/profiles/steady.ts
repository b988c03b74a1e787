import type { Profile } from './profile.ts'

export const steady: Profile = {
  name: 'steady',
  what: 'reads everything as it comes',
  attach: () => null,
}
