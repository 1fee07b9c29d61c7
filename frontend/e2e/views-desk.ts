import { expect } from '@playwright/test'
import { button, go, pane, type View } from './reach'

// What is this computer's: its tools, accounts, service, keychain, settings.

const open = 'state=active'

export const desk: View[] = [
  { name: 'tools', query: open, title: 'Tools', reach: pane('Tools') },
  { name: 'tools-none', query: 'state=active&quiet=1', title: 'Tools', reach: pane('Tools') },
  { name: 'tools-german', query: 'state=active&lang=de', title: 'Werkzeuge', reach: pane('Werkzeuge') },
  {
    name: 'tools-plan',
    query: open,
    title: 'What would change for podman',
    reach: async (page) => {
      await go(page, 'Tools')
      await button(page, 'Set up podman …')
    },
  },
  {
    name: 'tools-fixed',
    query: open,
    title: 'Tools',
    reach: async (page) => {
      await go(page, 'Tools')
      await button(page, /^Fix: /)
      await expect(page.getByText('Fixed. It is not found any more.')).toBeVisible()
    },
  },
  {
    name: 'tools-why',
    query: open,
    title: 'Tools',
    reach: async (page) => {
      await go(page, 'Tools')
      await page.getByRole('textbox', { name: 'Image' }).fill('localhost:8460/team/app')
      await button(page, 'Explain')
      await expect(page.getByText('Step by step')).toBeVisible()
    },
  },
  {
    name: 'tools-why-german',
    query: 'state=active&lang=de',
    title: 'Werkzeuge',
    reach: async (page) => {
      await go(page, 'Werkzeuge')
      await page.getByRole('textbox', { name: 'Image' }).fill('localhost:8460/team/app')
      await button(page, 'Erklären')
      await expect(page.getByText(/seine Berechtigungen reichen nicht/)).toBeVisible()
      await expect(page.locator('main [lang="en"]')).toHaveCount(0)
    },
  },
  {
    name: 'tools-fail-german',
    query: 'state=active&lang=de&fail=Tools.Doctor',
    title: 'Werkzeuge',
    reach: async (page) => {
      await go(page, 'Werkzeuge')
      await expect(page.getByRole('alert')).toContainText('dort antwortet niemand')
    },
  },
  {
    name: 'keychain-german',
    query: 'state=active&lang=de',
    title: 'Schlüsselbund',
    reach: pane('Schlüsselbund'),
  },
  {
    name: 'tools-fail',
    query: 'state=active&fail=Tools.Doctor',
    title: 'Tools',
    reach: async (page) => {
      await go(page, 'Tools')
      await expect(page.getByRole('alert')).toContainText('nobody answers there')
    },
  },
  {
    name: 'bell',
    query: open,
    title: 'anna',
    reach: async (page) => {
      await button(page, /^Notices/)
      await expect(page.getByRole('dialog', { name: 'Notices' })).toBeVisible()
    },
  },
  {
    name: 'bell-empty',
    query: 'state=active&quiet=1',
    title: 'anna',
    reach: async (page) => {
      await button(page, /^Notices/)
      await expect(page.getByText(/Nothing to report/)).toBeVisible()
    },
  },
  {
    name: 'account-menu',
    query: open,
    title: 'anna',
    reach: async (page) => {
      await button(page, /^Account: /)
      await expect(page.getByRole('menu')).toBeVisible()
    },
  },
  {
    name: 'shortcuts',
    query: open,
    title: 'Keyboard shortcuts',
    reach: (page) => page.keyboard.press('Control+?'),
  },
  { name: 'general', query: open, title: 'General', reach: pane('General') },
  {
    name: 'general-dark',
    query: 'state=active&theme=dark',
    title: 'General',
    reach: pane('General'),
  },
  { name: 'accounts', query: open, title: 'Accounts and servers', reach: pane('Accounts and servers') },
  {
    name: 'accounts-none',
    query: '',
    title: 'Accounts and servers',
    reach: async (page) => {
      await button(page, 'Settings')
      await go(page, 'Accounts and servers')
    },
  },
  {
    name: 'account-discard',
    query: open,
    title: 'Discard the token of annal?',
    reach: async (page) => {
      await go(page, 'Accounts and servers')
      await button(page, 'Discard …')
    },
  },
  { name: 'keychain', query: open, title: 'Keychain', reach: pane('Keychain') },
  {
    name: 'keychain-file',
    query: open,
    title: 'Keychain',
    reach: async (page) => {
      await go(page, 'Keychain')
      await button(page, 'Use an encrypted file …')
      await page.getByLabel('New passphrase').fill('correct horse battery')
      await page.getByLabel('The same once more').fill('correct horse battery')
      await button(page, 'Move the secrets')
      await button(page, 'Lock')
      await expect(page.getByLabel('Passphrase')).toBeVisible()
    },
  },
  {
    name: 'keychain-none',
    query: 'state=keychain_missing',
    title: 'Keep the secrets in an encrypted file',
    reach: async (page) => {
      await button(page, /^Choose where/)
      await button(page, 'Use an encrypted file …')
      await button(page, 'Move the secrets')
    },
  },
  { name: 'notifications', query: open, title: 'Notifications', reach: pane('Notifications') },
  {
    name: 'diagnostics',
    query: open,
    title: 'Diagnostics',
    reach: async (page) => {
      await go(page, 'Diagnostics')
      await button(page, 'Make a report')
      await expect(page.getByRole('region', { name: 'Text of the report' })).toBeVisible()
    },
  },
  {
    name: 'reset',
    query: open,
    title: 'Reset Lanyard on this computer?',
    reach: async (page) => {
      await go(page, 'Diagnostics')
      await button(page, 'Reset Lanyard …')
    },
  },
  { name: 'about', query: open, title: 'About', reach: pane('About') },
  { name: 'service', query: open, title: 'This computer’s service', reach: pane('This computer’s service') },
  {
    name: 'service-stopped',
    query: 'service=stopped',
    title: 'This computer’s service',
    reach: (page) => button(page, 'This computer’s service'),
  },
  {
    name: 'service-stop',
    query: open,
    title: 'Stop this computer’s service?',
    reach: async (page) => {
      await go(page, 'This computer’s service')
      await button(page, /^Stop/)
    },
  },
]
