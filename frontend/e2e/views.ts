import { button, type View } from './reach'
import { desk } from './views-desk'
import { start } from './views-start'

export type { View } from './reach'

export const views: View[] = [
  ...start,
  { name: 'home', query: 'state=active', title: 'anna' },
  { name: 'home-new', query: 'state=active&tools=none&offer=1', title: 'anna' },
  {
    name: 'home-difference',
    query: 'state=active&tools=none&offer=1',
    title: 'What would change',
    reach: (page) => button(page, /Show the change/),
  },
  {
    name: 'home-long',
    query: `state=active&account=${'a'.repeat(64)}&server=https://a-rather-long-name-of-a-registry.department.example.com:8443`,
    title: 'a'.repeat(64),
  },
  {
    name: 'sign-out',
    query: 'state=active',
    title: 'Sign out of this computer?',
    reach: (page) => button(page, /^Sign out/),
  },
  {
    name: 'receipt',
    query: 'state=active',
    title: 'Signed out',
    reach: async (page) => {
      await button(page, /^Sign out/)
      await page.getByRole('alertdialog').getByRole('button', { name: 'Sign out' }).click()
    },
  },
  {
    name: 'receipt-pending',
    query: 'state=active',
    title: 'Signed out',
    reach: async (page) => {
      await page.evaluate(() => {
        window.fake.receipt = {
          ...window.fake.receipt,
          revoked: false,
          refused: false,
          pending: 'localhost:8460 does not answer; it is told as soon as it does.',
          tools: '/home/anna/.docker/config.json is not valid JSON (line 4)',
        }
      })
      await button(page, /^Sign out/)
      await page.getByRole('alertdialog').getByRole('button', { name: 'Sign out' }).click()
    },
  },
  { name: 'home-quiet', query: 'state=active&quiet=1', title: 'anna' },
  { name: 'home-hub', query: 'state=active&foreign=1', title: 'anna' },
  { name: 'home-ending', query: 'state=active&ending=1', title: 'anna' },
  { name: 'home-german', query: 'state=active&lang=de', title: 'anna' },
  { name: 'server-old', query: 'state=active&version=too_old', title: 'anna' },
  { name: 'server-new', query: 'state=offline&version=too_new', title: 'anna' },
  { name: 'offline', query: 'state=offline', title: 'anna' },
  { name: 'replaced', query: 'state=replaced', title: 'anna' },
  { name: 'deactivated', query: 'state=deactivated', title: 'anna' },
  { name: 'expired', query: 'state=expired', title: 'Your session has expired' },
  { name: 'ended', query: 'state=ended', title: 'Your session was ended elsewhere' },
  { name: 'keychain-locked', query: 'state=keychain_locked', title: 'GNOME Keyring is locked' },
  { name: 'keychain-missing', query: 'state=keychain_missing', title: 'This computer has no keychain' },
  { name: 'unknown', query: 'fail=Session.Current', title: 'Lanyard could not look' },
  ...desk,
]
