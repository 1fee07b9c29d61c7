import { expect, type Page } from '@playwright/test'
import { button, choose, type View } from './reach'

// The first run: where to, waiting, done.

const signInTitle = 'Sign in once, for every container tool'

// probe writes an address and waits for what is said of it.
async function probe(page: Page, address: string, says: string | RegExp) {
  await choose(page, 'Another Lanyard server')
  await page.getByRole('textbox', { name: 'Address of the server' }).fill(address)
  await expect(page.getByText(says)).toBeVisible()
}

async function germanProbe(page: Page, address: string, says: RegExp) {
  await choose(page, 'Ein anderer Lanyard-Server')
  await page.getByRole('textbox', { name: 'Adresse des Servers' }).fill(address)
  await expect(page.getByText(says)).toBeVisible()
}

async function signedIn(page: Page) {
  await button(page, 'Sign in')
  await expect(page.getByRole('heading', { name: /Waiting/ })).toBeVisible()
  await page.evaluate(() => window.fake.finish())
}

export const start: View[] = [
  { name: 'signed-out', query: '', title: signInTitle },
  {
    name: 'signed-out-other',
    query: '',
    title: signInTitle,
    reach: async (page) => {
      await choose(page, 'Another Lanyard server')
      await page.getByRole('textbox', { name: 'Address of the server' }).fill('ftp://nowhere')
      await button(page, 'Sign in')
      await expect(page.getByRole('alert')).toContainText('Not a server address')
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
  {
    name: 'welcome-checks',
    query: 'offer=1',
    title: signInTitle,
    reach: (page) => expect(page.getByText('A fresh shell does not find')).toBeVisible(),
  },
  {
    name: 'welcome-german',
    query: 'lang=de&offer=1',
    title: 'Einmal anmelden, für alle Container-Werkzeuge',
  },
  {
    name: 'probe-good',
    query: '',
    title: signInTitle,
    reach: (page) => probe(page, 'https://registry.example.com', 'A Lanyard server, version v0.3.0'),
  },
  {
    name: 'probe-old',
    query: '',
    title: signInTitle,
    reach: (page) => probe(page, 'https://old.example.com', 'Older than this program expects'),
  },
  {
    name: 'probe-untrusted',
    query: '',
    title: signInTitle,
    reach: (page) => probe(page, 'https://self.example.com', /this computer does not know/),
  },
  {
    name: 'probe-german',
    query: 'lang=de&offer=1',
    title: 'Einmal anmelden, für alle Container-Werkzeuge',
    reach: (page) => germanProbe(page, 'https://self.example.com', /dieser Computer nicht kennt/),
  },
  {
    name: 'probe-nowhere',
    query: '',
    title: signInTitle,
    reach: (page) => probe(page, 'https://nowhere.example', 'Nothing answers there'),
  },
  {
    name: 'probe-registry',
    query: '',
    title: signInTitle,
    reach: async (page) => {
      await probe(page, 'https://ghcr.io', 'A registry, but no Lanyard server')
      await button(page, 'Paste a token')
      await expect(page.getByRole('textbox', { name: 'Registry' })).toHaveValue('ghcr.io')
    },
  },
  {
    name: 'hub',
    query: '',
    title: signInTitle,
    reach: (page) => choose(page, 'Docker Hub'),
  },
  {
    name: 'hub-paste',
    query: '',
    title: signInTitle,
    reach: async (page) => {
      await choose(page, 'Docker Hub')
      await choose(page, 'With a token that you made at Docker Hub')
    },
  },
  {
    name: 'hub-password',
    query: '',
    title: signInTitle,
    reach: async (page) => {
      await choose(page, 'Docker Hub')
      await choose(page, 'With your name and password')
      await page.getByRole('textbox', { name: 'User name' }).fill('two')
      await page.getByLabel('Password', { exact: true }).fill('secret')
      await button(page, 'Sign in')
      await expect(page.getByText('Docker Hub asks for a second factor.')).toBeVisible()
    },
  },
  {
    name: 'paste',
    query: '',
    title: signInTitle,
    reach: async (page) => {
      await choose(page, 'Any other registry')
      await button(page, 'Store the token')
      await expect(page.getByText('Paste the token.')).toBeVisible()
    },
  },
  {
    name: 'pasted',
    query: '',
    title: 'Signed in as annal',
    reach: async (page) => {
      await choose(page, 'Any other registry')
      await page.getByRole('textbox', { name: 'Registry' }).fill('ghcr.io')
      await page.getByRole('textbox', { name: 'User name' }).fill('annal')
      await page.getByLabel('Token', { exact: true }).fill('ghp_0123456789')
      await button(page, 'Store the token')
    },
  },
  { name: 'after', query: '', title: 'Signed in as anna', reach: signedIn },
  {
    name: 'after-difference',
    query: 'tools=none&offer=1',
    title: 'Signed in as anna',
    reach: async (page) => {
      await signedIn(page)
      await expect(page.getByRole('region', { name: 'Difference' })).toBeVisible()
    },
  },
  {
    name: 'after-test',
    query: '',
    title: 'Signed in as anna',
    reach: async (page) => {
      await signedIn(page)
      await button(page, 'Run the self-test')
      await expect(page.getByText('It works: what was pushed came back.')).toBeVisible()
    },
  },
  {
    name: 'after-test-failed',
    query: 'fail=selftest',
    title: 'Signed in as anna',
    reach: async (page) => {
      await signedIn(page)
      await button(page, 'Run the self-test')
      await expect(page.getByText('It did not work. The step says why.')).toBeVisible()
    },
  },
]
