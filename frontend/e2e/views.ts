import { expect, type Page } from '@playwright/test'

// Every view that the window has: how to come to it, and its heading.
export type View = {
  name: string
  query: string
  title: string | RegExp
  reach?: (page: Page) => Promise<void>
}

const button = (page: Page, name: string | RegExp) => page.getByRole('button', { name }).first().click()

const signInTitle = 'Sign in once, for every container tool'

export const views: View[] = [
  { name: 'signed-out', query: '', title: signInTitle },
  {
    name: 'signed-out-other',
    query: '',
    title: signInTitle,
    reach: async (page) => {
      await page.getByRole('radio', { name: 'Another Lanyard server' }).check()
      await page.getByRole('textbox', { name: 'Address of the server' }).fill('ftp://nowhere')
      await button(page, 'Sign in')
      await expect(page.getByRole('alert')).toContainText('not the address of a server')
    },
  },
  { name: 'waiting', query: '', title: /Waiting for your browser/, reach: (page) => button(page, 'Sign in') },
  {
    name: 'waiting-setup',
    query: 'setup=1&nobrowser=1',
    title: /Waiting for your browser/,
    reach: (page) => button(page, 'Sign in'),
  },
  {
    name: 'waiting-code',
    query: '',
    title: 'Enter this code in a browser',
    reach: (page) => button(page, 'Use a code instead'),
  },
  {
    name: 'finishing',
    query: '',
    title: /Finishing/,
    reach: async (page) => {
      await button(page, 'Sign in')
      await page.evaluate(() =>
        window.fake.emit('signin', { ...window.fake.promptOf(false, true), phase: 'finishing' }),
      )
    },
  },
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
  { name: 'offline', query: 'state=offline', title: 'anna' },
  { name: 'replaced', query: 'state=replaced', title: 'anna' },
  { name: 'deactivated', query: 'state=deactivated', title: 'anna' },
  { name: 'expired', query: 'state=expired', title: 'Your session has expired' },
  { name: 'ended', query: 'state=ended', title: 'Your session was ended elsewhere' },
  { name: 'keychain-locked', query: 'state=keychain_locked', title: 'GNOME Keyring is locked' },
  { name: 'keychain-missing', query: 'state=keychain_missing', title: 'This computer has no keychain' },
  { name: 'unknown', query: 'fail=Session.Current', title: 'Lanyard could not look' },
  {
    name: 'service',
    query: 'state=active',
    title: 'This computer’s service',
    reach: (page) => button(page, 'This computer’s service'),
  },
  {
    name: 'service-stopped',
    query: 'service=stopped',
    title: 'This computer’s service',
    reach: (page) => button(page, 'This computer’s service'),
  },
  {
    name: 'service-stop',
    query: 'state=active',
    title: 'Stop this computer’s service?',
    reach: async (page) => {
      await button(page, 'This computer’s service')
      await button(page, /^Stop/)
    },
  },
]
