// Where in the window one is.

export const settings = [
  'tokens',
  'general',
  'accounts',
  'service',
  'keychain',
  'notifications',
  'diagnostics',
  'about',
] as const
export const sections = ['home', 'tools', 'activity', 'security', 'settings'] as const

export type SettingsPage = (typeof settings)[number]
export type Section = (typeof sections)[number]
export type Place = Exclude<Section, 'settings'> | SettingsPage

// What there is to see where nobody is signed in.
const open: readonly Place[] = [
  'home',
  'tools',
  'general',
  'accounts',
  'service',
  'keychain',
  'notifications',
  'diagnostics',
  'about',
]

export function sectionOf(place: Place): Section {
  return (settings as readonly string[]).includes(place) ? 'settings' : (place as Section)
}

export class Nav {
  place = $state<Place>('home')
  image = $state('') // what Tools is to explain
  #signedIn: () => boolean

  constructor(signedIn: () => boolean) {
    this.#signedIn = signedIn
  }

  // at is where one is: what needs an account gives way to Home without one.
  get at(): Place {
    return this.can(this.place) ? this.place : 'home'
  }

  can(place: Place): boolean {
    return this.#signedIn() || open.includes(place)
  }

  go = (place: Place) => {
    this.place = place
  }

  // explain goes to where a refusal is explained.
  explain = (image: string) => {
    this.image = image
    this.place = 'tools'
  }

  section(section: Section) {
    this.go(section === 'settings' ? (this.#signedIn() ? 'tokens' : 'general') : section)
  }
}
