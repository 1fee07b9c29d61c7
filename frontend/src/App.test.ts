import { render, screen, waitFor, within } from '@testing-library/svelte'
import userEvent from '@testing-library/user-event'
import { describe, expect, it } from 'vitest'
import App from './App.svelte'
import type { SessionState } from './lib/backend'
import { Fake, fault, odd, type FakeOptions } from './fake'

const user = userEvent.setup()

function open(options: FakeOptions = {}): Fake {
  const fake = new Fake(options)
  render(App, { backend: fake })
  return fake
}

const button = (name: string | RegExp) => screen.findByRole('button', { name })
const press = async (name: string | RegExp) => user.click(await button(name))
const heading = (name: string | RegExp) => screen.findByRole('heading', { name })

async function tokens(options: FakeOptions = {}): Promise<Fake> {
  const fake = open({ state: 'active', ...options })
  await press('Personal access tokens')
  await screen.findByText(/active,/)
  return fake
}

async function pick(token: string, item: string) {
  await press(`Actions for ${token}`)
  await user.click(await screen.findByRole('menuitem', { name: item }))
}

describe('every state has words of its own', () => {
  it.each<[SessionState, RegExp]>([
    ['signed_out', /Sign in once/],
    ['expired', /has expired/],
    ['ended', /ended elsewhere/],
    ['keychain_locked', /GNOME Keyring is locked/],
    ['keychain_missing', /no keychain/],
  ])('%s', async (state, title) => {
    open({ state })
    expect(await heading(title)).toBeVisible()
    expect(screen.queryByRole('navigation')).toBeNull()
  })

  it.each<[SessionState, string, string]>([
    ['offline', 'The server does not answer', 'Try again'],
    ['replaced', 'Another computer took this one’s place', 'Take a place again'],
    ['deactivated', 'This computer’s token is deactivated', 'Activate it'],
  ])('%s', async (state, title, act) => {
    open({ state })
    expect(await heading('anna')).toBeVisible()
    expect(screen.getByText(title)).toBeVisible()
    expect(await button(act)).toBeVisible()
  })

  it('says why it could not look, and looks again', async () => {
    const fake = open({ fail: { 'Session.Current': fault('keychain_timeout', 'No answer.', 'Try again.') } })
    expect(await screen.findByRole('alert')).toHaveTextContent(/No answer\.\s*Try again\./)
    fake.fail = {}
    await press('Try again')
    expect(await heading(/Sign in once/)).toBeVisible()
  })
})

describe('signing in', () => {
  it('goes from the button to signed in', async () => {
    const fake = open({ needsSetup: true })
    await press('Sign in')
    expect(await heading(/Waiting for your browser/)).toBeVisible()
    expect(screen.getByRole('status', { name: 'Set-up code' })).toHaveTextContent('K7QF-2M9X-TR4C')
    expect(screen.getByRole('timer')).toHaveTextContent(/min/)
    await press('Copy link')
    await press('Open again')
    expect(fake.copied[0]).toContain('/authorize?')
    expect(fake.calls).toContain('Session.OpenAgain')
    fake.finish()
    expect(await heading('Signed in as anna')).toHaveFocus()
    expect(screen.getByText(/was stored in/)).toHaveTextContent(
      'A Read, Write, Delete token for this computer was stored in GNOME Keyring.',
    )
    await press('Go to Home')
    expect(await heading('anna')).toHaveFocus()
  })

  it('shows a code, and can be cancelled', async () => {
    open()
    await press('Use a code instead')
    expect(await screen.findByRole('status', { name: 'Code' })).toHaveTextContent('WDJB-MJHT')
    await press('Cancel')
    expect(await heading(/Sign in once/)).toHaveFocus()
    expect(screen.queryByRole('alert')).toBeNull()
  })

  it('asks for an address before it goes anywhere', async () => {
    const fake = open()
    await user.click(await screen.findByRole('radio', { name: 'Another Lanyard server' }))
    await press('Sign in')
    expect(await screen.findByText('Enter the address of the server.')).toBeVisible()
    expect(screen.getByRole('textbox', { name: 'Address of the server' })).toHaveFocus()
    expect(fake.calls.filter((call) => call.startsWith('Session.'))).toEqual(['Session.Current'])
  })

  it('says in words what was wrong with the address', async () => {
    open()
    await user.click(await screen.findByRole('radio', { name: 'Another Lanyard server' }))
    await user.type(screen.getByRole('textbox'), 'file:///etc/passwd{Enter}')
    expect(await screen.findByRole('alert')).toHaveTextContent('Not a server address')
    expect(screen.getByRole('textbox')).toHaveValue('file:///etc/passwd')
  })

  it('goes from an ended session back to its server, or elsewhere', async () => {
    const fake = open({ state: 'ended', server: 'https://r.example' })
    await press('Sign in somewhere else')
    await press('Back')
    await press('Sign in again')
    expect(fake.calls).toContain('Session.SignIn "https://r.example" false')
    fake.finish()
    expect(await heading('anna')).toBeVisible()
  })

  it('unlocks the keychain', async () => {
    open({ state: 'keychain_locked' })
    await press('Unlock')
    expect(await heading('anna')).toBeVisible()
  })
})

describe('signing out', () => {
  it('says what it does, then what it did', async () => {
    open({ state: 'active' })
    await press('Sign out …')
    expect(screen.getByRole('alertdialog')).toHaveTextContent(
      'revoked at the server and removed from GNOME Keyring',
    )
    await user.click(within(screen.getByRole('alertdialog')).getByRole('button', { name: 'Sign out' }))
    expect(await heading('Signed out')).toBeVisible()
    expect(screen.getByText('The token was tried once more, and is refused')).toBeVisible()
    await press('Done')
    expect(await heading(/Sign in once/)).toBeVisible()
  })

  it('says what is still alive', async () => {
    const fake = open({ state: 'active' })
    fake.receipt = {
      ...fake.receipt,
      removed: false,
      revoked: false,
      refused: false,
      pending: 'It does not answer.',
    }
    await press('Sign out …')
    await user.click(within(screen.getByRole('alertdialog')).getByRole('button', { name: 'Sign out' }))
    expect(await screen.findByText(/still in the keychain/)).toBeVisible()
    expect(screen.getByText('It does not answer.')).toBeVisible()
  })
})

describe('tools', () => {
  it('shows the difference before it applies', async () => {
    const fake = open({ state: 'active', setUp: false })
    await press('Show the change …')
    expect(await screen.findByRole('region', { name: 'Difference' })).toHaveTextContent(
      '"localhost:8460": "lanyard"',
    )
    expect(fake.calls).not.toContain('Tools.Apply')
    await press('Apply')
    expect(await screen.findByText('Set up')).toBeVisible()
    await press('Undo')
    expect(await screen.findByText(/is as it was before/)).toBeVisible()
  })

  it('offers to replace another credential helper', async () => {
    const fake = open({ state: 'active', setUp: false })
    fake.otherHelper = true
    await press('Show the change …')
    expect(await screen.findByRole('alert')).toHaveTextContent('let Lanyard take its place')
    await press('Show what Lanyard would replace …')
    expect(await screen.findByRole('region', { name: 'Difference' })).toHaveTextContent('"pass"')
    await press('Apply')
    expect(await screen.findByText('Set up')).toBeVisible()
  })
})

describe('keys', () => {
  it.each(['{Control>}w{/Control}', '{Control>}q{/Control}', '{Control>}Q{/Control}'])(
    '%s closes the window, also from a dialog',
    async (keys) => {
      const fake = open({ state: 'active' })
      await press('Sign out …')
      await user.keyboard(keys)
      expect(fake.calls).toContain('Window.Close')
    },
  )

  it('Ctrl+, goes to the tokens', async () => {
    open({ state: 'active' })
    await heading('anna')
    await user.keyboard('{Control>},{/Control}')
    expect(await heading('Personal access tokens')).toBeVisible()
  })

  it('Ctrl+, goes to the settings that there are where nobody is signed in', async () => {
    open()
    await heading(/Sign in once/)
    await user.keyboard('{Control>},{/Control}')
    expect(await heading('General')).toBeVisible()
  })

  it('Ctrl+R and F5 look again', async () => {
    const fake = open({ state: 'active' })
    await heading('anna')
    const looks = () => fake.calls.filter((call) => call === 'Session.Current').length
    const before = looks()
    await user.keyboard('{Control>}r{/Control}{F5}')
    await expect.poll(looks).toBeGreaterThan(before)
  })
})

describe('tokens', () => {
  it('lists them with their columns and counts', async () => {
    await tokens()
    const heads = screen
      .getAllByRole('columnheader')
      .map((one) => one.textContent?.replace(/[↑↓]/, '').trim())
    expect(heads).toEqual([
      '',
      'Description',
      'Source',
      'Status',
      'Access permissions',
      'Created',
      'Last used',
      'Expires',
      'Actions',
    ])
    const own = screen.getByRole('row', { name: /anna-thinkpad/ })
    expect(own).toHaveTextContent('This computer')
    expect(screen.getByText(/active,/)).toHaveTextContent('3 active, 1 deactivated of 5 tokens')
  })

  it('shows what people wrote as text, whatever it is', async () => {
    await tokens({ tokens: 'odd' })
    for (const description of odd) {
      const shown = screen.getAllByText(
        (_, node) => node?.nodeName === 'BDI' && node.textContent === description,
      )
      expect(shown).toHaveLength(1)
      expect(shown[0]?.children).toHaveLength(0)
    }
    expect(document.querySelector('table img, table script')).toBeNull()
  })

  it('generates one, and shows its secret until it is left on purpose', async () => {
    const fake = await tokens()
    await press('Generate new token')
    await user.type(screen.getByRole('textbox', { name: 'Description' }), 'nightly')
    await user.click(screen.getByRole('radio', { name: 'Read, Write' }))
    await user.click(screen.getByRole('radio', { name: 'None' }))
    await press('Generate')
    expect(await screen.findByRole('status', { name: 'New token' })).toHaveTextContent('lyd_pat_')
    await press('Done')
    expect(screen.getByRole('alert')).toHaveTextContent('You have not copied it')
    await press('Go back')
    expect(screen.queryByRole('alert')).toBeNull()
    fake.emit('closing', null) // the window's frame was asked to close
    expect(await screen.findByRole('alert')).toHaveTextContent('You have not copied it')
    expect(fake.holds).toBe(true)
    await press('Go back')
    await press('Copy token')
    expect(fake.holds).toBe(false)
    await press('Done')
    expect(screen.queryByRole('dialog')).toBeNull()
    expect(document.body).not.toHaveTextContent('lyd_pat_')
    expect(fake.tokens[0]).toMatchObject({ description: 'nightly', scopes: ['repo:write'], expires: '' })
  })

  it('says of a second one that it was copied when it was, and takes Done while it is being copied', async () => {
    const fake = await tokens()
    async function make(description: string) {
      await press('Generate new token')
      await user.type(screen.getByRole('textbox', { name: 'Description' }), `${description}{Enter}`)
      await screen.findByRole('status', { name: 'New token' })
    }
    await make('first')
    await press('Copy token')
    await press('Done')
    await make('second') // the first still lies on the clipboard
    expect(
      within(screen.getByRole('dialog')).queryByText(/^Copied/, { selector: '[role=status]' }),
    ).toBeNull()
    let done = () => {}
    fake.Window.CopySecret = () =>
      new Promise((copied) => (done = () => copied({ clears: new Date(Date.now() + 30_000).toISOString() })))
    await press('Copy token')
    await press('Done')
    expect(screen.queryByRole('alert')).toBeNull()
    done()
    await waitFor(() => expect(screen.queryByRole('dialog')).toBeNull())
  })

  it('asks for a description of 1 to 100 characters and for a day that is to come', async () => {
    const fake = await tokens()
    await press('Generate new token')
    await press('Generate')
    const description = screen.getByRole('textbox', { name: 'Description' })
    expect(screen.getByText('Say what the token is for.')).toBeVisible()
    expect(description).toHaveFocus()
    await user.click(description)
    await user.paste('😀'.repeat(101))
    expect(screen.getByText('At most 100 characters: 1 too many.')).toBeVisible()
    await user.clear(description)
    await user.paste('😀'.repeat(100))
    expect(description).not.toBeInvalid()
    expect(screen.getByText('100 of 100 characters')).toBeInTheDocument()
    await user.click(screen.getByRole('radio', { name: 'Custom' }))
    await press('Generate')
    expect(screen.getByText('Enter a day like 2027-01-31.')).toBeVisible()
    expect(fake.calls).not.toContain('Tokens.Create')
  })

  it('says in the dialog why nothing was generated', async () => {
    await tokens({ fail: { 'Tokens.Create': fault('refused', 'You have 1,000 tokens.', 'Delete some.') } })
    await press('Generate new token')
    await user.type(screen.getByRole('textbox', { name: 'Description' }), 'one more{Enter}')
    expect(await within(screen.getByRole('dialog')).findByRole('alert')).toHaveTextContent('1,000 tokens')
  })

  it('deactivates and activates without asking', async () => {
    await tokens()
    await pick('ci-read', 'Deactivate')
    expect(await screen.findByText('ci-read is deactivated.')).toBeInTheDocument()
    await pick('ci-read', 'Activate')
    expect(await screen.findByText('ci-read is active.')).toBeInTheDocument()
  })

  it('edits', async () => {
    await tokens()
    await pick('ci-read', 'Edit …')
    const field = screen.getByRole('textbox', { name: 'Description' })
    expect(field).toHaveValue('ci-read')
    await user.clear(field)
    await user.type(field, 'nightly{Enter}')
    expect(await screen.findByRole('row', { name: /nightly/ })).toBeVisible()
  })

  it('asks before it deletes', async () => {
    const fake = await tokens()
    await pick('ci-read', 'Delete …')
    expect(screen.getByRole('alertdialog', { name: 'Delete token?' })).toHaveTextContent('cannot be undone')
    await press('Cancel')
    expect(fake.calls).not.toContain('Tokens.Delete')
    await pick('ci-read', 'Delete …')
    await press('Delete')
    expect(await screen.findByText('ci-read was deleted.')).toBeInTheDocument()
    expect(screen.queryByRole('row', { name: /ci-read/ })).toBeNull()
  })

  it('offers nothing but deletion for what has expired', async () => {
    await tokens()
    await press('Actions for tryout')
    expect(screen.getAllByRole('menuitem').map((one) => one.textContent?.trim())).toEqual(['Delete …'])
  })

  it('says what it means for this computer before it is done', async () => {
    await tokens()
    const own = 'Generated by Lanyard on anna-thinkpad'
    await pick(own, 'Deactivate …')
    expect(screen.getByRole('alertdialog')).toHaveTextContent(
      'on this computer are refused, until you activate it again',
    )
    await press('Cancel')
    await pick(own, 'Delete …')
    expect(screen.getByRole('alertdialog')).toHaveTextContent(
      'This ends the session: you are signed out here',
    )
    await press('Delete')
    expect(await heading(/ended elsewhere/)).toBeVisible()
  })
})

describe('first run', () => {
  it('signs in to Docker Hub by the person’s own docker', async () => {
    const fake = open()
    await user.click(await screen.findByRole('radio', { name: 'Docker Hub' }))
    await press('Sign in')
    expect(fake.calls).toContain('Session.SignIn "docker-hub" false')
  })

  it('asks for the second factor where Docker Hub does', async () => {
    open()
    await user.click(await screen.findByRole('radio', { name: 'Docker Hub' }))
    await user.click(screen.getByRole('radio', { name: 'With your name and password' }))
    await press('Sign in')
    expect(screen.getByRole('textbox', { name: 'User name' })).toHaveFocus()
    await user.type(screen.getByRole('textbox', { name: 'User name' }), 'two')
    await user.type(screen.getByLabelText('Password'), 'secret')
    await press('Sign in')
    await user.type(await screen.findByLabelText('Code of your authenticator app'), '123456')
    await press('Sign in')
    expect(await heading('Signed in as anna')).toBeVisible()
    expect(document.body).not.toHaveTextContent('secret')
  })

  it('stores a pasted token, and keeps nothing of it on the page', async () => {
    open()
    await user.click(await screen.findByRole('radio', { name: 'Any other registry' }))
    await press('Store the token')
    expect(screen.getByRole('textbox', { name: 'Registry' })).toHaveFocus()
    await user.type(screen.getByRole('textbox', { name: 'Registry' }), 'ghcr.io')
    await user.type(screen.getByRole('textbox', { name: 'User name' }), 'annal')
    await user.type(screen.getByLabelText('Token'), 'ghp_marked_secret_0123')
    await press('Store the token')
    expect(await heading('Signed in as annal')).toBeVisible()
    expect(new XMLSerializer().serializeToString(document)).not.toContain('ghp_marked_secret')
  })

  it('sets the tools up, or not now', async () => {
    const fake = open({ setUp: false })
    await press('Sign in')
    await heading(/Waiting/)
    fake.finish()
    expect(await screen.findByRole('region', { name: 'Difference' })).toHaveTextContent('lanyard')
    await press('Not now')
    expect(screen.getByText('Not set up. You find it later under Tools.')).toBeVisible()
    expect(fake.calls).not.toContain('Tools.Apply')
  })
})

describe('the way about', () => {
  it('speaks German as soon as it is chosen, and keeps English words of Go marked', async () => {
    const fake = open({ state: 'active' })
    await press('General')
    await user.selectOptions(screen.getByRole('combobox', { name: 'Language' }), 'de')
    expect(await heading('Allgemein')).toBeVisible()
    expect(document.documentElement).toHaveAttribute('lang', 'de')
    fake.fail['Service.Status'] = fault('failed', 'disk is full', '')
    await press('Dienst dieses Computers')
    expect(await screen.findByText('disk is full')).toHaveAttribute('lang', 'en')
  })

  it('wears the theme that is chosen', async () => {
    open({ state: 'active' })
    await press('General')
    await user.selectOptions(screen.getByRole('combobox', { name: 'Theme' }), 'dark')
    await expect.poll(() => document.documentElement.dataset.theme).toBe('dark')
    await user.selectOptions(screen.getByRole('combobox', { name: 'Theme' }), 'system')
    await expect.poll(() => document.documentElement.dataset.theme).toBeUndefined()
  })

  it('has notices behind the bell, which lead to their place and can be dismissed', async () => {
    const fake = open({ state: 'active' })
    await press('Notices: 2 new')
    await user.click(screen.getByRole('button', { name: /^Dismiss: This computer/ }))
    expect(await screen.findByRole('button', { name: 'Notices: 1 new' })).toBeVisible()
    expect(fake.calls).toContain('Settings.Dismiss')
    await user.click(screen.getByRole('button', { name: /^The token “ci-read”/ }))
    expect(await heading('Personal access tokens')).toBeVisible()
  })

  it('switches to another account, and shows nothing of the one before', async () => {
    open({ state: 'active' })
    await heading('anna')
    await press('Account: anna')
    await user.click(screen.getByRole('menuitem', { name: /annal/ }))
    expect(await heading('annal')).toBeVisible()
  })

  it('lists its keys with Ctrl+?', async () => {
    open({ state: 'active' })
    await heading('anna')
    await user.keyboard('{Control>}?{/Control}')
    expect(await screen.findByRole('dialog', { name: 'Keyboard shortcuts' })).toBeVisible()
  })

  it('explains a refusal from where it is shown', async () => {
    const fake = open({ state: 'active' })
    await press('Why?')
    expect(await heading('Tools')).toBeVisible()
    expect(await screen.findByText('Step by step')).toBeVisible()
    expect(fake.calls).toContain('Tools.Why')
  })

  it('resets only who typed that', async () => {
    const fake = open({ state: 'active' })
    await press('Diagnostics')
    await press('Reset Lanyard …')
    const question = screen.getByRole('alertdialog')
    await user.click(within(question).getByRole('button', { name: 'Reset' }))
    expect(fake.calls).not.toContain('Settings.Reset')
    await user.type(within(question).getByRole('textbox'), 'reset')
    await user.click(within(question).getByRole('button', { name: 'Reset' }))
    expect(fake.calls).toContain('Settings.Reset')
  })

  it.each([
    ['active', 'too_old', 'The server is older than this program expects'],
    ['offline', 'too_new', 'The server is newer than this program'],
  ] as const)(
    '%s, says where the server is %s, and nothing else of it',
    async (state, serverVersion, title) => {
      const fake = open({ state })
      await heading('anna')
      fake.view = { ...fake.view, serverVersion }
      fake.emit('session', fake.view)
      expect(await screen.findByText(title)).toBeVisible()
      expect(screen.queryByText('The server does not answer')).toBeNull()
      expect(screen.queryAllByRole('button', { name: 'Try again' })).toHaveLength(state === 'offline' ? 1 : 0)
    },
  )
})

describe('this computer’s service', () => {
  it('is stopped after a question, and started', async () => {
    open()
    await press('This computer’s service')
    await press('Stop …')
    await user.click(within(screen.getByRole('alertdialog')).getByRole('button', { name: 'Stop' }))
    expect(await screen.findByText('Stopped')).toBeVisible()
    await press('Start')
    expect(await screen.findByText('Running')).toBeVisible()
  })
})
