import { describe, expect, it } from 'vitest'
import { translate } from './go'
import { filled, form, forms, german, goSays, ofTheSystem, serviceSays } from './go-said'

// Two words one after the other, outside of places: code and names have none.
const sentence = /\b[a-z']{2,}\b[,;:]? \(?[a-z']{2,}\b/i

// What has two words and is no sentence that the page shows.
const others = [
  /^(docker|crane) \w+ \S/, // commands, shown as they are
  /^text\/|^#|^\[Desktop Entry\]|^\(\?i\)|PRIVATE KEY|EXTERNAL|default-src|^Basic realm|\bPATH[= ]"/, // of files and protocols
  /^Usage: |^docker-credential-lanyard \(|^unknown action/, // the helper, called by a person
  /^Lanyard goes on$|^Only the window closes/, // the desktop's notification
  /^(Back up the database|Save the report|Save the token)$/, // titles of the system's dialogs
  /^look at the session$|^hub api refused$/, // the log
  /^(Sign in|Sign in again|Try again|Activate it|Take a place again)$/, // buttons, by state.ts
  /^(the token|its own login)$|AppData|^Application Support$/, // the terminal; other systems
  /^Lanyard's self-test |^Lanyard on |^Lanyard: /, // names of things
  /^credentials not found in native keychain$/, // a protocol
  / is for administrators$|^there is no \{p1\} here$/, // the catalog, which no page asks for
  /^nothing was logged out: |log out first|`lanyard logout` ends it/, // docker logout and docker login
]

// What Go puts together of several strings.
const parts = [
  /^, which is not there$/,
  /^\{p1\} has the password\{p2\} for/,
  /^an anonymous client$/,
  /one object$/,
  /^somebody without a name$/,
  /^The configuration$/,
]
const assembled = [
  'wrong password',
  'wrong code',
  'wrong passkey',
  'wrong recovery code',
  '{path} has the password for {key} in clear.',
  '{path} has the password of {user} for {key} in clear.',
  'an anonymous client may not {*action} {repository}: {*why}',
  'The configuration cannot be read: {*why}.',
  'The configuration names docker-credential-{helper}, which is not on the PATH.',
  'somebody without a name may not pull {repository} from {host}.',
  'somebody without a name may push {repository}, but not pull it.',
  '{host} has no {tag} of {repository}, as far as somebody without a name may see.',
  'of {account}, until {*when}',
  '…{last} of {account}',
  '…{last} of {account}, until {*when}',
  'pull {*pull}, push {*push}: {*words}',
]

describe('what Go says', () => {
  it('has its German: all of it', () => {
    const missing = goSays
      .filter(({ text }) => sentence.test(text) && ![...others, ...parts].some((one) => one.test(text)))
      .filter(({ text }) => {
        const said = translate(filled(text), german)
        return said.parts.some((part) => part.lang !== undefined)
      })
    expect(missing.map(({ where, text }) => `${where} ${text}`)).toEqual([])
  })

  it('is what the German is of: all of it', () => {
    const said = new Set([...goSays, ...serviceSays].flatMap(({ text }) => forms(text)))
    const unused = german
      .map(([english]) => english)
      .filter(
        (english) =>
          !said.has(form(english)) && !ofTheSystem.includes(english) && !assembled.includes(english),
      )
    expect(unused).toEqual([])
  })
})
